"""The outbox: what happened to contacts that connections have to follow."""

from django.db import models


class OutboxEvent(models.Model):
    """Something that connections carry out, written in the transaction of what happened."""

    class Kind(models.TextChoices):
        MERGED = "merged", "merged"
        UNMERGED = "unmerged", "unmerged"

    kind = models.CharField(max_length=12, choices=Kind)
    contact_id = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["contact_id"], name="outbox_contact")]

    def __str__(self) -> str:
        return f"{self.kind} {self.contact_id}"
