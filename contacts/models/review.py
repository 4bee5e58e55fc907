"""Arrivals that wait for a person."""

from django.conf import settings
from django.db import models


class Review(models.Model):
    """One case: arrivals held against contacts that may be the same person, or contacts that look like one.

    ``waiting_key`` says who waits ("a:" + address, else "n:" + name and domain, else "p:" + phone; "d:" + the
    contacts' ids for a pair), and is unique while the case is open, so that the next arrival of the same
    person joins it. ``due_at`` is the order of the queue: what is older, worth more and surer comes first.
    ``trace`` is what a decision changed, so that it can be taken back.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", "held arrival"
        MAILBOX = "mailbox", "shared mailbox"
        PAIR = "pair", "likely duplicates"

    class Status(models.TextChoices):
        OPEN = "open", "open"
        SAME = "same", "same person"
        DIFFERENT = "different", "different people"
        NOT_A_LEAD = "not_a_lead", "not a lead"
        SEEN = "seen", "seen"
        SETTLED = "settled", "settled by itself"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.HOLD)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    waiting_key = models.CharField(max_length=720)
    rule = models.CharField(max_length=20, help_text="What matched.")
    reason = models.TextField(blank=True)
    who = models.CharField(max_length=401, blank=True)
    source = models.ForeignKey("contacts.Source", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="How likely one person, 0 to 100.")
    evidence = models.JSONField(default=list, help_text="What speaks for one person and against it, in words.")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    asleep_until = models.DateTimeField(null=True, blank=True, help_text="Put off until then.")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    taken_by_name = models.CharField(max_length=200, blank=True)
    taken_until = models.DateTimeField(null=True, blank=True)
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
    trace = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["status", "id"], name="review_status"),
            models.Index(fields=["due_at", "id"], name="review_due", condition=models.Q(status="open")),
            models.Index(fields=["source", "due_at"], name="review_source", condition=models.Q(status="open")),
            models.Index(fields=["taken_by"], name="review_taken", condition=models.Q(taken_by__isnull=False)),
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


class ReviewStep(models.Model):
    """What somebody did with a case: decided it, put it off, took a decision back. Only ever added to."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="steps", db_index=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    act = models.CharField(max_length=20)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["review", "id"], name="step_review")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.act} ({self.review_id})"


class BulkDecision(models.Model):
    """One decision for many cases: which, how far it is, and which cases it left and why. The row is the work."""

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    decision = models.CharField(max_length=10, choices=Review.Status)
    note = models.CharField(max_length=300, blank=True)
    cases = models.JSONField(default=list, help_text="Case ids, in order.")
    only_safe = models.BooleanField(default=True, help_text="Leave cases in which a value conflicts.")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    left = models.JSONField(default=list, help_text="Case id and the reason why it was left.")
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} for {len(self.cases)} cases"
