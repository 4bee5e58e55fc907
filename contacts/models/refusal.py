"""What was refused: each attempt that a rule of the stage table or of a worksheet turned down, with its words."""

from django.db import models


class Refusal(models.Model):
    """One refused attempt. Written with what it belongs to, never changed afterwards.

    ``rule`` is a rule's code, for a row of a worksheet with its version and row behind it (``fresh@7.5``). ``who``
    is the source, the connection or the person that tried. ``ref`` is the MAP's own id of the record, so that a
    vendor can look it up without being shown a person.
    """

    class Kind(models.TextChoices):
        SOURCE = "source", "a source"
        CONNECTION = "connection", "a connection"
        PERSON = "person", "a person"

    contact = models.ForeignKey(
        "contacts.Contact", null=True, on_delete=models.CASCADE, related_name="refusals", db_index=False
    )
    field = models.CharField(max_length=60)
    rule = models.CharField(max_length=60)
    words = models.CharField(max_length=300, help_text="The rule as it was worded then.")
    offered = models.CharField(max_length=300, blank=True)
    current = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    who = models.CharField(max_length=200)
    connection = models.SlugField(max_length=60, blank=True, db_index=False)
    row = models.PositiveIntegerField(null=True, help_text="The lasting key of the worksheet's row.")
    ref = models.CharField(max_length=100, blank=True)
    stage_from = models.CharField(max_length=40, blank=True)
    stage_to = models.CharField(max_length=40, blank=True)
    arrival_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="refusal_at"),
            models.Index(fields=["contact", "at"], name="refusal_contact"),
            models.Index(
                fields=["stage_to", "stage_from", "at"], name="refusal_move", condition=~models.Q(stage_to="")
            ),
            models.Index(fields=["connection", "row", "at"], name="refusal_row", condition=~models.Q(connection="")),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.field} “{self.offered}”"
