"""Merges and what has to do with them: pairs that are not one person, and the search for likely ones."""

from django.conf import settings
from django.db import models


class Merge(models.Model):
    """Two contacts made one. ``lost`` left the contact table; everything to bring it back stands here.

    The ids are plain numbers: either contact may be merged on, and old ids lead home through these rows.
    ``before`` holds both contacts as they were, ``after`` the one that stayed, ``moved`` the ids of the rows
    of each relation that went over.
    """

    kept_id = models.BigIntegerField()
    lost_id = models.BigIntegerField()
    lost_name = models.CharField(max_length=401, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    moved = models.JSONField(default=dict)
    verdicts = models.JSONField(default=list, help_text="What became of each field, and by which rule.")
    review = models.ForeignKey(
        "contacts.Review", null=True, on_delete=models.SET_NULL, related_name="merges", db_index=False
    )
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    merged_by_name = models.CharField(max_length=200)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_name = models.CharField(max_length=200, blank=True)
    unplaced = models.JSONField(default=list, help_text="What an unmerge could not place, and where it stayed.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kept_id"], name="merge_kept"),
            models.Index(fields=["review"], name="merge_review", condition=models.Q(review__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lost_id"], condition=models.Q(undone_at__isnull=True), name="merge_lost_once"
            ),
            models.CheckConstraint(condition=~models.Q(kept_id=models.F("lost_id")), name="merge_two_contacts"),
        ]
        permissions = [
            ("merge_contact", "Can merge contacts"),
            ("unmerge_contact", "Can take a merge back"),
        ]

    def __str__(self) -> str:
        return f"Merge {self.pk}"


class NotSame(models.Model):
    """Two contacts of which a person said that they are not one. Never flagged again."""

    low_id = models.BigIntegerField()
    high_id = models.BigIntegerField()
    said_by_name = models.CharField(max_length=200)
    said_at = models.DateTimeField()
    review = models.ForeignKey("contacts.Review", null=True, on_delete=models.SET_NULL, related_name="+")
    merge = models.ForeignKey(Merge, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name_plural = "not the same"
        indexes = [models.Index(fields=["high_id"], name="not_same_high")]
        constraints = [
            models.UniqueConstraint(fields=["low_id", "high_id"], name="not_same_once"),
            models.CheckConstraint(condition=models.Q(low_id__lt=models.F("high_id")), name="not_same_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} is not {self.high_id}"


class DuplicateScan(models.Model):
    """One search for likely duplicates: how far it is and what it found. The row is the work."""

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    started_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0, help_text="Contacts to look at.")
    done = models.PositiveIntegerField(default=0)
    pairs = models.PositiveIntegerField(default=0)
    cases = models.PositiveIntegerField(default=0, help_text="Cases that it opened.")
    settled = models.PositiveIntegerField(default=0, help_text="Open cases that no longer held and were closed.")
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("start_duplicatescan", "Can search for likely duplicates")]

    def __str__(self) -> str:
        return f"Search {self.pk}"
