"""The ledger of consent: who agreed to what, when, where and in which words, and who withdrew. Only ever added to."""

from django.db import models

from contacts.domain import consent


class ConsentRecord(models.Model):
    """One thing that was said about mailing an address. Triggers of the database refuse any change or removal.

    ``id`` is its place in the chain, from 1 without gaps; ``hash`` covers the record and the hash before it.
    ``subject`` is a keyed hash of the address. Whatever tells of the person (the address itself, the words, the page,
    IP and agent) is in ``sealed``, which nobody can read once the subject's ``ConsentKey`` is gone. There are no
    foreign keys: contacts, arrivals and files come and go, this stays.
    """

    class Act(models.TextChoices):
        GRANTED = consent.GRANTED, "agreed"
        WITHDRAWN = consent.WITHDRAWN, "withdrawn"
        BOUNCED = consent.BOUNCED, "bounced"
        CLEANED = consent.CLEANED, "cleaned by a MAP"
        COMPLAINED = consent.COMPLAINED, "complained"
        ERASED = consent.ERASED, "erased"

    class Method(models.TextChoices):
        FORM = consent.FORM, "by the person, on a form"
        FILE = consent.FILE, "by whoever brought the file"
        SYNC = consent.SYNC, "relayed by a tool"
        STAFF = consent.STAFF, "by somebody who works with the hub"
        LINK = consent.LINK, "by the person, by the link in a mail"

    id = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=32)
    act = models.CharField(max_length=10, choices=Act)
    channel = models.CharField(max_length=10)
    purpose = models.CharField(max_length=40)
    method = models.CharField(max_length=5, choices=Method)
    proof = models.PositiveSmallIntegerField(help_text="Which parts of an agreement's proof are there, as bits.")
    basis = models.CharField(max_length=30, blank=True, help_text="The lawful basis.")
    occurred_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=60, blank=True, help_text="The slug of the lead source, or the connection's.")
    arrival_id = models.BigIntegerField(null=True)
    batch_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True, help_text="Who or what told the hub; never the person.")
    sealed = models.BinaryField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            # Everything that decides what stands, so that a million addresses are read from the index alone.
            models.Index(
                fields=["subject", "act", "channel", "purpose", "method", "proof", "occurred_at", "recorded_at"],
                name="consent_standing",
            ),
            models.Index(fields=["subject"], name="consent_stops", condition=~models.Q(act=consent.GRANTED)),
            models.Index(fields=["recorded_at"], name="consent_recorded"),
            models.Index(fields=["batch_id"], name="consent_batch", condition=models.Q(batch_id__isnull=False)),
        ]
        permissions = [
            ("withdraw_consent", "Can unsubscribe a person"),
            ("erase_person", "Can ask for a person to be erased, and agree to it"),
        ]

    def __str__(self) -> str:
        return f"Consent record {self.pk}"


class ConsentKey(models.Model):
    """The key of one address, wrapped by the hub's own. Deleting it makes the evidence of that address unreadable."""

    subject = models.CharField(max_length=32, primary_key=True)
    wrapped = models.BinaryField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Key of {self.subject}"


class ConsentLedger(models.Model):
    """Where the chain ends, in one row: what the next record is chained to, and the lock of those who add."""

    records = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    check_value = models.CharField(max_length=64, help_text="Tells whether the hub still has the key it began with.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="consent_ledger_one_row")]

    def __str__(self) -> str:
        return f"Ledger of {self.records} records"


class Purpose(models.Model):
    """What people are mailed for, as ops named it. One that is in use no more keeps its records."""

    slug = models.SlugField(max_length=40, primary_key=True, help_text="Stays: records name it.")
    name = models.CharField(max_length=80)
    in_use = models.BooleanField(default=True)
    added_by_name = models.CharField(max_length=200)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Erasure(models.Model):
    """A person who was forgotten, or waits for a second pair of eyes: that it was done, by whom and why."""

    contact_id = models.BigIntegerField()
    reason = models.CharField(max_length=300, help_text="Why, without naming the person.")
    asked_by_name = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    agreed_by_name = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)
    subjects = models.JSONField(default=list, help_text="The keyed hashes of the person's addresses.")
    connections = models.JSONField(default=list, help_text="Slugs of the connections that were told to delete too.")
    files = models.JSONField(default=list, help_text="Imports whose files have to go.")
    cleaned_at = models.DateTimeField(null=True, help_text="When files and the database's own traces were gone.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contact_id"], condition=models.Q(done_at__isnull=True), name="erasure_asked_once"
            )
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"
