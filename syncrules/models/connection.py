"""Connections to MAPs, the link of each contact to its record there, and the log of what was pulled."""

from django.db import models


class Connection(models.Model):
    """A MAP that the hub is connected to. Its secrets live in the environment, never here.

    ``catalogue`` is what the MAP last said of its properties, as ``domain.catalogue.as_json`` writes it, so that
    the worksheet can be edited and checked while the MAP can't be reached. ``takes_part`` and ``qualifies`` are
    conditions (``domain.threshold``): which contacts are made in the MAP, and which of its records are leads.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        TESTING = "testing", "testing"
        PILOT = "pilot", "pilot"
        LIVE = "live", "live"
        PAUSED = "paused", "paused"

    slug = models.SlugField(max_length=60, help_text="Used by the command line and in addresses. Stays.")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, help_text="Which connector speaks with it.")
    source = models.OneToOneField(
        "contacts.Source",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The lead source of records that are made in the MAP.",
    )
    fed_by = models.ManyToManyField(
        "contacts.Source",
        blank=True,
        related_name="+",
        help_text="Other lead sources whose records live in this MAP, such as its forms.",
    )
    catalogue = models.JSONField(default=list)
    catalogue_at = models.DateTimeField(null=True)
    cursor = models.CharField(max_length=200, blank=True, help_text="How far its changes have been pulled.")
    departures = models.CharField(max_length=200, blank=True, help_text="How far its deletions have been pulled.")
    pulled_at = models.DateTimeField(null=True, help_text="When its changes were last pulled to their end.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    state_by = models.CharField(max_length=200, blank=True)
    state_at = models.DateTimeField(null=True)
    state_reason = models.TextField(blank=True)
    paused_from = models.CharField(max_length=10, blank=True, help_text="The state that it goes on with.")
    base_url = models.URLField(blank=True, help_text="Where its API answers; empty for the usual address of its kind.")
    api_version = models.CharField(
        max_length=20, blank=True, help_text="Empty for the one that the hub was tried with."
    )
    connect_timeout = models.FloatField(default=5.0, help_text="Seconds.")
    read_timeout = models.FloatField(default=30.0, help_text="Seconds.")
    calls = models.PositiveIntegerField(default=100, help_text="Calls that the MAP allows in 10 seconds.")
    searches = models.PositiveIntegerField(default=5, help_text="Searches that it allows in a second.")
    share = models.PositiveIntegerField(
        default=95, help_text="Percent of these that the hub takes; the rest is others'."
    )
    poll_every = models.PositiveIntegerField(default=60, help_text="Seconds between pulls that no webhook asked for.")
    takes_part = models.JSONField(default=dict)
    qualifies = models.JSONField(default=dict)
    allowance = models.JSONField(default=dict, help_text="The limits as its last answer told them.")
    allowance_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Calls that failed for a passing reason, in a row.")
    trouble = models.TextField(blank=True, help_text="Why nothing is sent or pulled now.")
    trouble_since = models.DateTimeField(null=True)
    again_at = models.DateTimeField(null=True, help_text="When it is tried again.")
    lease_holder = models.CharField(max_length=80, blank=True, help_text="Who pulls its changes now.")
    lease_until = models.DateTimeField(null=True)
    policy_issue = models.PositiveIntegerField(
        default=1, help_text="Goes up when the vendor's link to the policy page is made anew."
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="connection_slug_once")]
        permissions = [
            ("run_sync", "Can sync now, stop and resume, and retry what failed"),
            ("switch_connection", "Can turn a connection on and off"),
        ]

    def __str__(self) -> str:
        return self.name


class Link(models.Model):
    """A contact and its record in a MAP, by the MAP's own id, with what both sides last agreed on.

    ``agreed`` is hub field to the hub's value, the MAP's text for it, and what that text was read as where a MAP
    respells; ``seen`` is MAP field to value as the MAP last showed it. A record that is merged away or gone keeps
    its row: its id still leads home (``into``), and a contact whose record was deleted there is not made again.
    """

    class State(models.TextChoices):
        LINKED = "linked", "linked"
        MERGED = "merged", "merged into another record there"
        GONE = "gone", "deleted there"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="links", db_index=False)
    contact = models.ForeignKey("contacts.Contact", on_delete=models.CASCADE, related_name="links", db_index=False)
    record_id = models.CharField(max_length=100)
    agreed = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    agreed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0, help_text="The contact's, when the two were last judged.")
    state = models.CharField(max_length=10, choices=State, default=State.LINKED)
    into = models.CharField(max_length=100, blank=True, help_text="The record that this one became part of.")
    left_at = models.DateTimeField(null=True, help_text="When it was merged away or found gone.")
    stamp = models.CharField(
        max_length=40, blank=True, help_text="When the record last changed there, in the MAP's words, as far as known."
    )

    class Meta:
        indexes = [models.Index(fields=["contact", "connection"], name="link_contact")]
        constraints = [models.UniqueConstraint(fields=["connection", "record_id"], name="link_record_once")]

    def __str__(self) -> str:
        return f"{self.connection_id}:{self.record_id}"


class Pull(models.Model):
    """One record as a MAP showed it, and what was decided for it. What was shown never changes.

    ``verdicts`` is a list of ``[row key, hub field, decision, rule, offered, current, current by]``.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="pulls", db_index=False)
    contact = models.ForeignKey(
        "contacts.Contact", null=True, on_delete=models.SET_NULL, related_name="pulls", db_index=False
    )
    arrival = models.ForeignKey(
        "contacts.Arrival",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Where the record was new and came through the decision tree.",
    )
    record_id = models.CharField(max_length=100)
    values = models.JSONField(help_text="MAP field to value, as the MAP showed them.")
    version = models.PositiveIntegerField(help_text="The worksheet's version that was in force.")
    verdicts = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "id"], name="pull_connection"),
            models.Index(fields=["connection", "id"], name="pull_held", condition=models.Q(contact__isnull=True)),
            models.Index(fields=["contact", "id"], name="pull_contact", condition=models.Q(contact__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Pull {self.pk}"
