"""How syncing goes: full syncs, counts by the hour, what went wrong, and the calls that were made."""

from django.db import models


class SyncRun(models.Model):
    """A full sync: how far it is and what it did. The row is the work; it can be left, stopped and resumed."""

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        PULLING = "pulling", "reading the MAP"
        PUSHING = "pushing", "telling the MAP"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="runs")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cursor = models.CharField(max_length=200, blank=True, help_text="How far the MAP has been read.")
    contact = models.BigIntegerField(default=0, help_text="Up to which contact the outbox has been filled.")
    read = models.PositiveIntegerField(default=0, help_text="Records of the MAP that were read.")
    to_tell = models.PositiveIntegerField(default=0, help_text="Contacts that were put into the outbox.")
    counts = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(status__in=["queued", "pulling", "pushing", "stopped"]),
                name="sync_run_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"Full sync {self.pk}"


class SyncCount(models.Model):
    """What one connection did in one hour. Fields as in ``services.sync.counting.Counts``."""

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField()
    pulled = models.PositiveIntegerField(default=0)
    pushed = models.PositiveIntegerField(default=0)
    echoes = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    hooks = models.PositiveIntegerField(default=0, help_text="Events that webhooks brought.")
    calls = models.PositiveIntegerField(default=0, help_text="Calls to the MAP.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "hour"], name="sync_count_once")]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.hour}"


class SyncError(models.Model):
    """Something about one contact or record that a MAP, or the hub, did not take. Open until it went through.

    ``cause`` groups them; ``field`` is the MAP's field where one is to blame. ``sent`` and ``answered`` hold no
    secret.
    """

    class Way(models.TextChoices):
        TO_MAP = "to-map", "hub → MAP"
        TO_HUB = "to-hub", "MAP → hub"

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="+", db_index=False)
    way = models.CharField(max_length=6, choices=Way)
    kind = models.CharField(max_length=10, help_text="As in the outbox; for records of a MAP: record.")
    subject = models.CharField(max_length=320, help_text="As in the outbox; for records of a MAP: their id.")
    contact_id = models.BigIntegerField(null=True)
    record_id = models.CharField(max_length=100, blank=True)
    cause = models.CharField(max_length=40)
    field = models.CharField(max_length=200, blank=True)
    value = models.TextField(blank=True)
    text = models.TextField(help_text="What the MAP said, or what is wrong, in words.")
    sent = models.JSONField(null=True)
    answered = models.JSONField(null=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    solved_at = models.DateTimeField(null=True)
    solved_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "way", "kind", "subject", "field"],
                condition=models.Q(solved_at__isnull=True),
                name="sync_error_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["connection", "cause", "field", "id"],
                name="sync_error_open",
                condition=models.Q(solved_at__isnull=True),
            ),
            models.Index(fields=["contact_id"], name="sync_error_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.subject}"


class CallBudget(models.Model):
    """When the next call to a MAP may be made, for all processes together."""

    connection = models.OneToOneField(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    next_call = models.FloatField(default=0, help_text="Seconds since 1970.")
    next_search = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"budget of {self.connection_id}"
