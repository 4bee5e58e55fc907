"""The canonical record of one person, its addresses, and the fields that ops define."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from contacts.domain.fields import MAPPABLE


class WrittenBy(models.Model):
    """What each history row adds: who or which source wrote it, by name, and the arrival if it was one."""

    actor = models.CharField(max_length=200, blank=True)
    arrival_id = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Contact(models.Model):
    """One person. Written only by ``contacts.services.write``; the keys are made by ``domain.identity``."""

    email = models.CharField(max_length=320, blank=True, help_text="The primary address, as it was typed.")
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=200, blank=True)
    company_domain = models.CharField(max_length=255, blank=True)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164.")
    job_title = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=100, blank=True)
    lifecycle_stage = models.ForeignKey(
        "contacts.Stage", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    lead_score = models.IntegerField(null=True, blank=True)
    custom = models.JSONField(default=dict, blank=True, help_text="Values of custom fields, by slug.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    source = models.ForeignKey("contacts.Source", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    shared_mailbox = models.BooleanField(default=False, help_text="Several people write from its address.")
    last_activity = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    origins = models.JSONField(default=dict)
    person_key = models.CharField(max_length=700, blank=True)
    sort_key = models.CharField(max_length=120, blank=True)
    company_key = models.CharField(max_length=250, blank=True)

    history = HistoricalRecords(
        bases=[WrittenBy],
        excluded_fields=["last_activity", "updated_at", "version", "origins", "person_key", "sort_key", "company_key"],
        no_db_index=["owner", "source", "lifecycle_stage"],
        history_user_id_field=models.IntegerField(null=True, blank=True),
        history_user_getter=lambda historical: None,
        history_user_setter=lambda historical, user: None,
    )

    class Meta:
        # Prefix search needs the pattern operator class on PostgreSQL; equality uses the same index.
        indexes = [
            models.Index(
                fields=["person_key", "id"], name="contact_person", opclasses=["text_pattern_ops", "int8_ops"]
            ),
            models.Index(fields=["sort_key", "id"], name="contact_sort", opclasses=["text_pattern_ops", "int8_ops"]),
            models.Index(
                fields=["company_key", "company_domain"],
                name="contact_company",
                opclasses=["text_pattern_ops", "text_pattern_ops"],
            ),
            models.Index(fields=["phone", "id"], name="contact_phone", condition=~models.Q(phone="")),
            models.Index(fields=["source"], name="contact_source"),
        ]
        permissions = [
            ("set_sales_stage", "Can set the stages that sales owns"),
            ("export_contact", "Can export contacts"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.email or self.phone or f"Contact {self.pk}"

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Address(models.Model):
    """An e-mail address of a contact. ``key`` is unique in the hub: one address, one contact."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    shown = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    primary = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)
    arrival_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "addresses"
        indexes = [models.Index(fields=["contact"], name="address_contact")]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="address_once", opclasses=["text_pattern_ops"]),
            models.UniqueConstraint(fields=["contact"], condition=models.Q(primary=True), name="address_one_primary"),
        ]

    def __str__(self) -> str:
        return self.shown


class CustomField(models.Model):
    """A field that ops define without a deploy. Its values live in ``Contact.custom`` under its slug."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        BOOLEAN = "boolean", "Yes or no"
        CHOICE = "choice", "Choice"

    slug = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Lower-case letters, digits and _, beginning with a letter.")],
        help_text="Its name in files and the API, such as product_interest. Stays.",
    )
    label = models.CharField(max_length=80)
    type = models.CharField(max_length=10, choices=Type, default=Type.TEXT)
    choices = models.JSONField(default=list, blank=True, help_text="For a choice: the values, in order.")
    describes_person = models.BooleanField(
        default=True, help_text="Not filled from a shared mailbox, where nobody knows who wrote."
    )
    order = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        ordering = ["order", "label"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="custom_field_once")]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        on_contacts = {n for f in Contact._meta.get_fields() for n in (f.name, getattr(f, "attname", f.name))}
        if self.slug in {*MAPPABLE, *on_contacts}:
            raise ValidationError({"slug": f"“{self.slug}” is a field that the hub has already. Choose another name."})
        if self.type == self.Type.CHOICE and not self.choices:
            raise ValidationError({"choices": "A choice needs at least one value."})
