"""The outbox: what a MAP has not acknowledged yet. The row is the work; a message to a worker only says "look"."""

from django.db import models


class Push(models.Model):
    """One thing that a MAP has to be told, written in the transaction of what happened; gone once acknowledged.

    A row says what to bring in line, never with which values: those are judged when it is sent, so that many changes
    of one contact are one row. ``generation`` goes up with each of them; a row is acknowledged only as long as it
    still is the one that was sent.
    """

    class Kind(models.TextChoices):
        RECORD = "record", "a contact's record"
        OPT_OUT = "opt-out", "an unsubscribe"
        DELETE = "delete", "a deletion"
        ERASE = "erase", "an erasure"

    class Priority(models.IntegerChoices):
        """What goes first."""

        CONSENT = 0, "an unsubscribe"
        NOW = 2, "somebody's change"
        BATCH = 5, "a file's or a sync's changes"
        FULL = 9, "a full sync"

    connection = models.ForeignKey("syncrules.Connection", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.RECORD)
    subject = models.CharField(max_length=320, help_text="A contact's id, an address, or a record's id.")
    generation = models.PositiveIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NOW)
    changed_at = models.DateTimeField(help_text="Since when the MAP is behind.")
    due_at = models.DateTimeField(help_text="Not sent before.")
    tries = models.PositiveIntegerField(default=0)
    look = models.BooleanField(default=True, help_text="Look what stands in the MAP before anything is made there.")
    parked = models.BooleanField(default=False, help_text="Waits for a change or for a person: it was refused.")
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "subject"], name="push_once"),
        ]
        indexes = [
            models.Index(fields=["connection", "priority", "id"], name="push_next", condition=models.Q(parked=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
