"""Arrivals that wait for a person."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce

#: Where an open case stands in the queue: when it is due, else since when it waits. An index has it.
PLACE = Coalesce("due_at", "opened_at")


class Review(models.Model):
    """One case: arrivals held against contacts that may be the same person, or contacts that look like one.

    ``waiting_key`` says who waits ("a:" + address, else "n:" + name and domain, else "p:" + phone; "d:" + the
    contacts' ids for a pair, "g:" + connection and record for one that a MAP deleted), and is unique while the case
    is open, so that the next arrival of the same person joins it. ``due_at`` is the order of the queue (empty:
    ``opened_at``): what is older, worth more and surer comes first (``domain/queue.py``), and ``matters`` says so
    in words. ``trace`` is what a decision changed, so that it can be taken back. The writer's statements leave out
    what has a default in the database.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", "held arrival"
        MAILBOX = "mailbox", "shared mailbox"
        PAIR = "pair", "likely duplicates"
        GONE = "gone", "deleted in a MAP"

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
    evidence = models.JSONField(
        default=list, db_default=[], help_text="What speaks for one person and against it, in words."
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    matters = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why it comes before others that waited as long."
    )
    asleep_until = models.DateTimeField(null=True, blank=True, help_text="Put off until then.")
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    taken_by_name = models.CharField(max_length=200, blank=True, db_default="")
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
    trace = models.JSONField(default=dict, db_default={})

    class Meta:
        indexes = [
            models.Index(fields=["status", "id"], name="review_status"),
            models.Index(PLACE, "id", name="review_place", condition=models.Q(status="open")),
            models.Index("source", PLACE, "id", name="review_of_source", condition=models.Q(status="open")),
            models.Index(fields=["kind", "opened_at"], name="review_kind", condition=models.Q(status="open")),
            models.Index(fields=["taken_by"], name="review_taken", condition=models.Q(taken_by__isnull=False)),
            models.Index(
                fields=["asleep_until"],
                name="review_asleep",
                condition=models.Q(status="open", asleep_until__isnull=False),
            ),
            models.Index(
                fields=["decided_by", "decided_at"],
                name="review_decided",
                condition=models.Q(decided_by__isnull=False),
            ),
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
    """One decision for many cases: which, how far it is, and which cases it left and why. The row is the work.

    First it is worked out what would happen (``found``); a person looks at that, and only then it is done.
    """

    class Act(models.TextChoices):
        SAME = "same", "same person"
        DIFFERENT = "different", "different people"
        NOT_A_LEAD = "not_a_lead", "not a lead"
        SEEN = "seen", "seen"
        LATER = "later", "later"
        BACK = "back", "take back"

    class Status(models.TextChoices):
        CHECKING = "checking", "being worked out"
        CHECKED = "checked", "waits for a word"
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    decision = models.CharField(max_length=10, choices=Act)
    note = models.CharField(max_length=300, blank=True)
    which = models.CharField(max_length=300, blank=True, help_text="Which cases were chosen, in words.")
    cases = models.JSONField(default=list, help_text="Case ids, in order.")
    only_safe = models.BooleanField(default=True, help_text="Leave cases in which a value conflicts.")
    status = models.CharField(max_length=10, choices=Status, default=Status.CHECKING)
    found = models.JSONField(default=dict, help_text="What would happen: counts, the first cases, what would be left.")
    done = models.PositiveIntegerField(default=0, help_text="Cases that it has gone through.")
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
