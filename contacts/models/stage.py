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
