"""Files on their way in. The row is the work; a message to a worker only says "look"."""

from django.conf import settings
from django.db import models


class ImportBatch(models.Model):
    """One file, how it is read, how far it is, and what came of it."""

    class Status(models.TextChoices):
        MATCHING = "matching", "columns being matched"
        CHECKING = "checking", "dry run"
        CHECKED = "checked", "dry run done"
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    source = models.ForeignKey("contacts.Source", on_delete=models.PROTECT, related_name="+")
    filename = models.CharField(max_length=255)
    stored = models.CharField(max_length=255, blank=True, help_text="Where the file is, under the upload folder.")
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    layout = models.JSONField(default=dict)
    survey = models.JSONField(default=dict, help_text="What its columns hold: read once, shown often.")
    columns = models.JSONField(default=list, help_text="The file's own column names, in order.")
    mapping = models.JSONField(default=dict, help_text="Column to field; a column that is absent is kept, not mapped.")
    status = models.CharField(max_length=10, choices=Status, default=Status.MATCHING)
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Rows that have their outcome.")
    checked = models.PositiveIntegerField(default=0, help_text="Rows that the dry run has gone through.")
    agreed = models.JSONField(
        default=dict,
        help_text="What the people on the file agreed to, said by whoever brought it: words, at (ISO), how.",
    )
    counts = models.JSONField(default=dict, help_text="Rows by outcome.")
    dry_run = models.JSONField(default=dict, help_text="What the dry run found: counts and first rows by outcome.")
    problem = models.TextField(blank=True)
    stop_asked = models.BooleanField(default=False)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "import batches"
        ordering = ["-id"]
        permissions = [
            ("upload_file", "Can upload a file"),
            ("undo_import", "Can take an import back"),
            ("see_every_import", "Can see the imports of other people"),
            ("open_every_file", "Can open the files of other people's imports"),
        ]

    def __str__(self) -> str:
        return f"{self.filename} ({self.get_status_display()})"

    @property
    def active(self) -> bool:
        return self.status in (self.Status.CHECKING, self.Status.QUEUED, self.Status.RUNNING)

    @property
    def seconds(self) -> float:
        if not (self.started_at and self.finished_at):
            return 0.0
        return (self.finished_at - self.started_at).total_seconds()


class SavedMatching(models.Model):
    """How the columns of a source's files were matched last time."""

    source = models.ForeignKey("contacts.Source", on_delete=models.CASCADE, related_name="matchings")
    fingerprint = models.CharField(max_length=64, help_text="Of the sorted column names.")
    mapping = models.JSONField(default=dict)
    saved_by = models.CharField(max_length=200, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "fingerprint"], name="matching_once")]

    def __str__(self) -> str:
        return f"{self.source} ({len(self.mapping)} columns)"
