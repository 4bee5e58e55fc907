"""Health: the reports that are kept, and the targets that ops set."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class HealthTargets(models.Model):
    """What the four figures are held against, and how many are sampled: exactly one row, number 1."""

    duplicates = models.FloatField(
        default=3.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(100)],
        verbose_name="duplicate rate under",
        help_text="Percent, in the hub and in each MAP.",
    )
    attribution = models.FloatField(
        default=90.0,
        validators=[MinValueValidator(0), MaxValueValidator(99.9)],
        verbose_name="attribution over",
        help_text="Percent of the sampled MQLs.",
    )
    stages = models.FloatField(
        default=100.0,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        verbose_name="stages the same, at least",
        help_text="Percent of the sampled contacts.",
    )
    incidents = models.PositiveIntegerField(
        default=0, verbose_name="overwrite incidents, at most", help_text="In 30 days."
    )
    mqls = models.PositiveSmallIntegerField(
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        verbose_name="recent MQLs to trace",
    )
    contacts = models.PositiveSmallIntegerField(
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        verbose_name="contacts to compare with the MAP",
    )
    mail_to = models.TextField(
        blank=True,
        verbose_name="mail each report to",
        help_text="Addresses, one a line. Nothing is mailed where this is empty or no mail server is set (EMAIL_URL).",
    )
    changed_by = models.CharField(max_length=200, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "health targets"
        verbose_name_plural = "health targets"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="health_targets_one_row")]

    def __str__(self) -> str:
        return "Health targets"

    @classmethod
    def load(cls) -> "HealthTargets":
        """The one row; the playbook's targets until ops save others."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class HealthReport(models.Model):
    """One report, kept as it was worked out. The row is the work; a trend reads its columns alone.

    ``seed`` and ``bounds`` draw the samples again; ``figures`` has each figure with its words, its sample and the
    target that it was held against. It names contacts by id only.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "waiting for a worker"
        RUNNING = "running", "being worked out"
        DONE = "done", "worked out"
        FAILED = "failed", "failed"

    class Kind(models.TextChoices):
        NIGHT = "night", "every night"
        DAY = "day-60", "day 60"
        ASKED = "asked", "asked for"

    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ASKED)
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    seed = models.BigIntegerField()
    bounds = models.JSONField(default=dict, help_text="Up to which rows the samples were drawn.")
    live_since = models.DateTimeField(null=True, help_text="Since when the first connection was live.")
    day = models.PositiveIntegerField(null=True, help_text="The day since then, from 1.")
    contacts = models.PositiveIntegerField(default=0)
    duplicate_rate = models.FloatField(null=True, help_text="0 to 1, of the hub.")
    attribution = models.FloatField(null=True)
    stage_consistency = models.FloatField(null=True)
    overwrite_incidents = models.PositiveIntegerField(null=True)
    summary = models.JSONField(default=dict, help_text="Each figure as it is shown, and whether its target is met.")
    figures = models.JSONField(default=dict)
    mailed_to = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["status", "-finished_at"], name="health_report_done")]
        permissions = [
            ("run_health", "Can work out health, draw other samples and mail a report"),
            ("change_targets", "Can change the health targets"),
        ]

    def __str__(self) -> str:
        return f"Health report {self.pk}"
