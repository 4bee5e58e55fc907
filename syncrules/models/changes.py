"""What people change of a connection, kept for good."""

from django.db import models


class ConnectionChange(models.Model):
    """One change of a threshold or of a setting: from what to what, by whom, when and why. Never changed."""

    class What(models.TextChoices):
        TAKES_PART = "takes-part", "who takes part"
        QUALIFIES = "qualifies", "who is a lead"
        SETTINGS = "settings", "settings"
        STATE = "state", "state"

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    what = models.CharField(max_length=20, choices=What)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["connection", "-id"], name="connection_change")]

    def __str__(self) -> str:
        return f"{self.what} of {self.connection_id}"
