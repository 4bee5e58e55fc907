"""Lead sources: the rows of the lead source audit worksheet (playbook, Step 1), and their tokens."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords


class Source(models.Model):
    """A registered lead source: what it says it sends. What really arrives is read from the arrivals."""

    class Kind(models.TextChoices):
        FORM = "form", "Form or ad platform"
        MAP = "map", "Marketing automation platform (MAP)"
        EVENT = "event", "Webinar or event tool"
        PARTNER = "partner", "Partner"
        SALES = "sales", "Sales, typed in by a rep"
        OTHER = "other", "Something else"

    class Cadence(models.TextChoices):
        REAL_TIME = "real-time", "Real-time"
        HOURLY = "hourly", "Hourly"
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"
        POST_EVENT = "post-event", "Post-event"
        AD_HOC = "ad-hoc", "Ad hoc"

    class Status(models.TextChoices):
        OPEN = "open", "audit open"
        AUDITED = "audited", "audited"
        RETIRED = "retired", "retired"

    slug = models.SlugField(max_length=60, help_text="Used by the command line, tokens and links. Stays.")
    name = models.CharField(max_length=120)
    kind = models.CharField(
        max_length=10, choices=Kind, default=Kind.OTHER, help_text="Decides which stages it may set."
    )
    record_creator = models.CharField(max_length=120, blank=True, help_text="The system that makes the record.")
    data_captured = models.CharField(
        max_length=200, blank=True, help_text="What it sends, separated by commas: Email, name, company."
    )
    sync_method = models.CharField(max_length=120, blank=True, help_text="How it reaches the hub.")
    cadence = models.CharField(max_length=12, choices=Cadence, default=Cadence.AD_HOC, verbose_name="frequency")
    entry_stage = models.ForeignKey("contacts.Stage", on_delete=models.PROTECT, related_name="+")
    region = models.CharField(
        max_length=2, blank=True, help_text="Two-letter country for phone numbers that name none, such as US."
    )
    purpose = models.ForeignKey(
        "contacts.Purpose",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What its opt-in is about; product news, unless you say otherwise.",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="owned_sources"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    audited_on = models.DateField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="source_slug_once")]
        permissions = [("register_source", "Can register a source and run what it sent before")]

    def __str__(self) -> str:
        return self.name

    @property
    def retired(self) -> bool:
        return self.status == self.Status.RETIRED


class SourceToken(models.Model):
    """A secret that lets one source send arrivals. Only its hash is kept.

    It names its source by slug, so that a tool that still runs after its source was retired, or that
    never was registered, is kept and shown as undeclared instead of being lost.
    """

    source_slug = models.SlugField(max_length=60, verbose_name="source")
    label = models.CharField(max_length=80, blank=True, help_text="Where it is used, such as “Spring offer form”.")
    digest = models.CharField(max_length=64, editable=False)
    hint = models.CharField(max_length=8, editable=False)
    may_read = models.BooleanField(default=False, help_text="May also read contacts through the API.")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = "source token"
        ordering = ["source_slug", "id"]
        constraints = [models.UniqueConstraint(fields=["digest"], name="source_token_once")]

    def __str__(self) -> str:
        return f"{self.source_slug} …{self.hint}"

    @staticmethod
    def digest_of(secret: str) -> str:
        """What is stored of a secret. The secret has 256 random bits, so a plain hash is enough."""
        return hashlib.sha256(secret.encode()).hexdigest()

    def issue(self) -> str:
        """Make a new secret for this row and return it; it can't be shown again."""
        secret = secrets.token_urlsafe(32)
        self.digest, self.hint = self.digest_of(secret), secret[-4:]
        return secret
