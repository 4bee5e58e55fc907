"""Lifecycle stages: rank and owner (playbook, Step 3)."""

from django.db import models


class Stage(models.Model):
    """One lifecycle stage. ``rank`` orders them; stages of one rank are equals."""

    class Owner(models.TextChoices):
        ANYONE = "anyone", "anyone"
        MAP = "map", "a MAP"
        SALES = "sales", "sales"

    slug = models.SlugField(primary_key=True, max_length=40)
    label = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(help_text="Higher is further. Equal ranks are equals.")
    owner = models.CharField(max_length=10, choices=Owner, default=Owner.ANYONE, help_text="Who may set it.")
    also_called = models.CharField(
        max_length=200, blank=True, help_text="Other names for it, as tools send them; separated by “/”."
    )
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["rank", "slug"]
        constraints = [models.UniqueConstraint(fields=["label"], name="stage_label_once")]

    def __str__(self) -> str:
        return self.label


class StageTableVersion(models.Model):
    """One version of the whole stage table. ``data`` is what ``domain.stage_table`` reads; the rows of ``Stage``
    are the version in force, so that contacts and sources can refer to them.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        IN_FORCE = "in-force", "in force"
        PAST = "past", "past"

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    data = models.JSONField()
    revision = models.PositiveIntegerField(default=1, help_text="Goes up with each edit of the draft.")
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)
    saved_at = models.DateTimeField()
    reason = models.TextField(blank=True, help_text="Why it was put in force.")
    forced_by = models.CharField(max_length=200, blank=True)
    forced_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="stage_table_number_once"),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state__in=["draft", "in-force"]), name="stage_table_one_of_each"
            ),
        ]
        permissions = [
            ("edit_stage_table", "Can draft changes of the stage table"),
            ("force_stage_table", "Can put a version of the stage table in force"),
        ]

    def __str__(self) -> str:
        return f"Stage table v{self.number}"
