"""Arrivals that wait for a person."""

from django.conf import settings
from django.db import models


class Review(models.Model):
    """One case: arrivals of one unknown person, held against contacts that may be the same one.

    ``waiting_key`` says who waits ("a:" + address, else "n:" + name and domain, else "p:" + phone), and is
    unique while the case is open, so that the next arrival of the same person joins it.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", "held arrival"
        MAILBOX = "mailbox", "shared mailbox"

    class Status(models.TextChoices):
        OPEN = "open", "open"
        SAME = "same", "same person"
        DIFFERENT = "different", "different people"
        NOT_A_LEAD = "not_a_lead", "not a lead"
        SEEN = "seen", "seen"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HOLD)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    waiting_key = models.CharField(max_length=720)
    rule = models.CharField(max_length=20, help_text="What matched.")
    reason = models.TextField(blank=True)
    who = models.CharField(max_length=401, blank=True)
    source = models.ForeignKey("contacts.Source", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    decided_by_name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)
    contact = models.ForeignKey(
        "contacts.Contact",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Where its arrivals went.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["status", "id"], name="review_status"),
            models.Index(fields=["contact"], name="review_contact", condition=models.Q(contact__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["waiting_key"], condition=models.Q(status="open"), name="review_waits_once")
        ]
        permissions = [("decide_review", "Can decide a review")]

    def __str__(self) -> str:
        return f"Case {self.pk}"


class ReviewCandidate(models.Model):
    """A contact that a case is held against."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.PROTECT, related_name="candidacies", db_index=False
    )

    class Meta:
        indexes = [models.Index(fields=["contact"], name="candidate_contact")]
        constraints = [models.UniqueConstraint(fields=["review", "contact"], name="candidate_once")]

    def __str__(self) -> str:
        return f"Contact {self.contact_id} in case {self.review_id}"
