"""What ops can tune for the whole hub, in one row."""

from django.core.validators import MinValueValidator
from django.db import models


class HubSettings(models.Model):
    """The hub's own settings: exactly one row, number 1."""

    phone_shared_limit = models.PositiveSmallIntegerField(
        default=3,
        validators=[MinValueValidator(1)],
        help_text="A phone that more contacts than this share is no evidence that two of them are one person.",
    )
    default_region = models.CharField(
        max_length=2,
        blank=True,
        help_text="Two-letter country for phone numbers without a country code, where neither the record "
        "nor its source names one. Empty: such a number is kept with the arrival and not used.",
    )
    review_aim_hours = models.PositiveSmallIntegerField(
        default=48, help_text="How long a held arrival may wait before the front page calls it late."
    )

    stage_policy_issue = models.PositiveIntegerField(
        default=1,
        editable=False,
        help_text="Goes up when the vendors' link to the stage table's policy is made anew.",
    )

    class Meta:
        verbose_name = "hub settings"
        verbose_name_plural = "hub settings"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="hub_settings_one_row")]

    def __str__(self) -> str:
        return "Hub settings"

    @classmethod
    def load(cls) -> "HubSettings":
        """The one row; the defaults until ops save another."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
