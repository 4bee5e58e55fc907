"""The field-mapping worksheet of a connection: versions, rows, and every edit of a draft."""

from django.db import models


class WorksheetVersion(models.Model):
    """One version of a worksheet: a draft, what is in force, or what was.

    ``left_out`` is ``{"hub": [...], "map": [...]}``: fields that ops left out for good.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        IN_FORCE = "in-force", "in force"
        PAST = "past", "past"

    connection = models.ForeignKey(
        "syncrules.Connection", on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    left_out = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1, help_text="Goes up with each edit of the draft.")
    based_on = models.PositiveIntegerField(null=True, help_text="The version it was drawn from.")
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)
    saved_at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="Why it was put in force.")
    forced_by = models.CharField(max_length=200, blank=True)
    forced_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["connection", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="worksheet_number_once"),
            models.UniqueConstraint(
                fields=["connection", "state"],
                condition=models.Q(state__in=["draft", "in-force"]),
                name="worksheet_one_of_each",
            ),
        ]
        permissions = [
            ("edit_worksheet", "Can draft changes of a worksheet"),
            ("force_worksheet", "Can put a version of a worksheet in force"),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"


class WorksheetRow(models.Model):
    """One row. ``key`` stays the same through all versions of the worksheet; ``number`` is its place, from 1."""

    version = models.ForeignKey(WorksheetVersion, on_delete=models.CASCADE, related_name="rows", db_index=False)
    key = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    field_name = models.CharField(max_length=120, blank=True)
    hub_field = models.CharField(max_length=120, blank=True)
    map_field = models.CharField(max_length=200, blank=True)
    direction = models.CharField(max_length=120, blank=True)
    rule = models.CharField(max_length=120, blank=True)
    value_map = models.JSONField(default=list, help_text="Pairs of a MAP value and the hub's value for it.")
    blank_counts = models.BooleanField(default=False, help_text="A blank from the MAP is a value.")
    note = models.TextField(blank=True)
    owner = models.CharField(max_length=200, blank=True, help_text="Who last changed what the row says.")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["version", "number"]
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="worksheet_row_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.field_name}"


class WorksheetEdit(models.Model):
    """One edit of a draft, so that it can be taken back and a second editor sees who does what."""

    version = models.ForeignKey(WorksheetVersion, on_delete=models.CASCADE, related_name="edits", db_index=False)
    row = models.PositiveIntegerField(null=True, help_text="The row's key; none for the whole worksheet.")
    what = models.CharField(max_length=20, help_text="A column, or add, remove, move, leave-out, import, bring-back.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    by = models.CharField(max_length=200)
    user_id = models.IntegerField(null=True)
    at = models.DateTimeField()
    taken_back = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["version", "id"], name="worksheet_edit")]

    def __str__(self) -> str:
        return f"{self.what} of row {self.row}"
