"""Duplicate audits: what was found, the plan of each group, and each step of carrying it out."""

from django.db import models

from syncrules.domain.audit import Rate


class Audit(models.Model):
    """One audit of the hub (no connection) or of a MAP. The row is the work: found, and then carried out.

    ``contacts``, ``groups`` and ``duplicates`` are as they were found; ``gone`` counts the records that merges have
    taken away since. ``target`` is in percent, as it was then.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        READING = "reading", "reading"
        READY = "ready", "audited"
        DUE = "due", "waiting for a worker to merge"
        MERGING = "merging", "merging"
        STOPPED = "stopped", "stopped"
        MERGED = "merged", "carried out"
        FAILED = "failed", "failed"

    connection = models.ForeignKey(
        "syncrules.Connection", null=True, on_delete=models.CASCADE, related_name="audits", db_index=False
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, help_text="When everything was read.")
    target = models.FloatField(help_text="Percent: below it the rate is met.")
    read = models.PositiveIntegerField(default=0, help_text="Records read so far.")
    contacts = models.PositiveIntegerField(default=0)
    groups = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    parted = models.PositiveIntegerField(default=0, help_text="Duplicates of which a person said that they are none.")
    labels = models.JSONField(default=dict, help_text="What the MAP calls its fields.")
    carried_by_name = models.CharField(max_length=200, blank=True)
    carried_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="When the plan had been carried out.")
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["connection", "-id"], name="audit_of")]
        permissions = [
            ("start_audit", "Can audit duplicates"),
            ("merge_in_map", "Can carry out the plan of a duplicate audit"),
        ]

    def __str__(self) -> str:
        return f"Audit {self.pk}"

    @property
    def before(self) -> Rate:
        """The rate as it was found."""
        return Rate(self.contacts, self.groups, self.duplicates)

    @property
    def after(self) -> Rate:
        """The rate with what was merged, or is known to be different people, taken out."""
        left = max(self.duplicates - self.gone - self.parted, 0)
        return Rate(max(self.contacts - self.gone, 0), self.groups, left)


class AuditGroup(models.Model):
    """Records that are one person, or may be, and the plan for them.

    For the hub ``records`` are contacts' ids alone, and the plan is worked out when it is looked at, as contacts go
    on; for a MAP they are the records as they were read (``services.audit.entries``), with the plan as it is kept.
    """

    class State(models.TextChoices):
        OPEN = "open", "to be merged"
        ASK = "ask", "a person decides"
        MERGED = "merged", "merged"
        REVIEW = "review", "in the review queue"
        LEFT = "left", "left as it is"
        FAILED = "failed", "did not work"

    audit = models.ForeignKey(Audit, on_delete=models.CASCADE, related_name="found", db_index=False)
    number = models.PositiveIntegerField()
    by = models.CharField(max_length=10, help_text="address or name")
    shared = models.CharField(max_length=720, help_text="What the records share.")
    records = models.JSONField(default=list)
    size = models.PositiveIntegerField()
    master = models.CharField(max_length=100, blank=True)
    why = models.CharField(max_length=300, blank=True)
    others = models.JSONField(default=list, help_text="The other records' ids, in the order of merging.")
    keeps = models.JSONField(default=list)
    consent = models.JSONField(default=dict)
    needs = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    left_over = models.CharField(max_length=100, blank=True, help_text="The id of the record that is left.")
    problem = models.CharField(max_length=500, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["audit", "number"]
        constraints = [models.UniqueConstraint(fields=["audit", "number"], name="audit_group_once")]
        indexes = [models.Index(fields=["audit", "state", "number"], name="audit_group_state")]

    def __str__(self) -> str:
        return f"Group {self.number} of audit {self.audit_id}"


class AuditStep(models.Model):
    """One step of carrying a plan out, as it ended. Only ever added to."""

    group = models.ForeignKey(AuditGroup, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    act = models.CharField(max_length=10, help_text="opt-out, merge, decide or review")
    record = models.CharField(max_length=320, help_text="The record or address that it was about.")
    into = models.CharField(max_length=100, blank=True)
    done = models.BooleanField()
    words = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.words
