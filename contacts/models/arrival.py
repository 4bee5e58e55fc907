"""Arrivals: every inbound record as received, with what was decided for it."""

from django.db import models


class Outcome(models.TextChoices):
    """What was decided for an arrival, in the order in which pages show it (contract: Outcomes)."""

    CREATED = "created", "created"
    FILLED = "filled", "filled"
    UNCHANGED = "unchanged", "unchanged"
    REPEATED = "repeated", "repeated"
    HELD = "held", "held"
    REJECTED = "rejected", "rejected"


class Arrival(models.Model):
    """One inbound record. What was received never changes; an empty outcome means that it waits for its source.

    ``raw`` is a list of cells for a row of a file (its columns are the batch's), an object for the API and
    forms, and empty for a repeated delivery (``repeat_of`` has it). ``verdicts`` is a list of
    ``[field, decision, rule, offered, current, current_by]``.
    """

    class Door(models.TextChoices):
        FILE = "file", "file"
        API = "api", "API"
        FORM = "form", "typed in"

    source = models.ForeignKey("contacts.Source", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    source_slug = models.CharField(
        max_length=60, blank=True, help_text="Named by an arrival without a registered source."
    )
    batch = models.ForeignKey(
        "contacts.ImportBatch", null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False
    )
    row = models.PositiveIntegerField(null=True, help_text="1 is the first data row.")
    door = models.CharField(max_length=6, choices=Door)
    actor = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True)
    delivery_key = models.CharField(max_length=32, null=True)
    content_hash = models.CharField(max_length=32, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    raw = models.JSONField(null=True)
    email_key = models.CharField(max_length=320, blank=True)
    who = models.CharField(max_length=401, blank=True)
    who_key = models.CharField(max_length=120, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    reason = models.TextField(blank=True)
    verdicts = models.JSONField(default=list)
    contact = models.ForeignKey(
        "contacts.Contact", null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False
    )
    review = models.ForeignKey(
        "contacts.Review", null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False
    )
    repeat_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["source", "received_at", "outcome"], name="arrival_source"),
            models.Index(fields=["batch", "row"], name="arrival_batch", condition=models.Q(batch__isnull=False)),
            models.Index(fields=["contact"], name="arrival_contact", condition=models.Q(contact__isnull=False)),
            models.Index(fields=["review"], name="arrival_review", condition=models.Q(review__isnull=False)),
            models.Index(fields=["email_key"], name="arrival_email", opclasses=["text_pattern_ops"]),
            models.Index(fields=["who_key"], name="arrival_who", opclasses=["text_pattern_ops"]),
            models.Index(fields=["source_slug"], name="arrival_undeclared", condition=models.Q(outcome="")),
            models.Index(fields=["outcome", "id"], name="arrival_outcome"),
        ]
        constraints = [models.UniqueConstraint(fields=["delivery_key"], name="arrival_delivery_once")]
        permissions = [("export_arrival", "Can export the arrival log")]

    def __str__(self) -> str:
        return f"Arrival {self.pk}"

    def raw_items(self) -> list[tuple[str, str]]:
        """Column and value of what was received, in the order received."""
        raw = self.raw if self.raw is not None else (self.repeat_of.raw if self.repeat_of else None)
        if isinstance(raw, dict):
            return [(str(k), v if isinstance(v, str) else str(v)) for k, v in raw.items()]
        batch = self.batch if self.raw is not None else (self.repeat_of.batch if self.repeat_of else None)
        columns = batch.columns if batch else []
        cells = raw or []
        names = list(columns) + [f"Column {n}" for n in range(len(columns) + 1, len(cells) + 1)]
        return list(zip(names, cells, strict=False))
