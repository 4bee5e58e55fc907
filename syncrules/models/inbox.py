"""The inbox: what a MAP told by webhook, and the records to look at because of it."""

from django.db import models


class Hook(models.Model):
    """One event of a webhook as it came. A further delivery of it only counts; one with another body is kept beside.

    It says where to look, and is never taken for what stands.
    """

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    happening = models.CharField(max_length=10)
    record_id = models.CharField(max_length=100, blank=True)
    body = models.JSONField(default=dict)
    other_body = models.JSONField(null=True, help_text="What came later under the same key; not believed.")
    error = models.TextField(blank=True, help_text="What is wrong with it.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="hook_once")]
        indexes = [models.Index(fields=["received_at"], name="hook_received")]

    def __str__(self) -> str:
        return f"{self.happening} {self.record_id}"


class Look(models.Model):
    """A record of a MAP to read and judge; gone once that is done. Fields as in ``Push``."""

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="+", db_index=False)
    record_id = models.CharField(max_length=100)
    generation = models.PositiveIntegerField(default=1)
    told_at = models.DateTimeField(help_text="Since when the hub is behind.")
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    parked = models.BooleanField(default=False)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "record_id"], name="look_once")]
        indexes = [
            models.Index(fields=["connection", "id"], name="look_next", condition=models.Q(parked=False)),
        ]

    def __str__(self) -> str:
        return f"look at {self.record_id}"
