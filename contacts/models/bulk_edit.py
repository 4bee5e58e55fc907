"""One edit of many contacts: which, how far it is, and what it left and why. The row is the work."""

from django.conf import settings
from django.db import models

from contacts.models.review import BulkDecision


class BulkEdit(models.Model):
    """A stage, an owner or both for many contacts. First it is worked out what would happen (``found``); a person
    looks at that, and only then it is done.
    """

    Status = BulkDecision.Status

    stage = models.CharField(max_length=40, blank=True, help_text="The slug of the stage to set; empty: leave it.")
    sets_owner = models.BooleanField(default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", help_text="None: nobody."
    )
    said = models.CharField(max_length=300, help_text="What was asked for, in words.")
    reason = models.CharField(max_length=300, blank=True)
    which = models.CharField(max_length=300, blank=True, help_text="Which contacts were chosen, in words.")
    contacts = models.JSONField(default=list, help_text="Contact ids, in order.")
    status = models.CharField(max_length=10, choices=BulkDecision.Status, default=BulkDecision.Status.CHECKING)
    found = models.JSONField(default=dict, help_text="What would happen: counts, the first contacts, and refusals.")
    done = models.PositiveIntegerField(default=0, help_text="Contacts that it has gone through.")
    written = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=dict, help_text="Why something was not written, with how often.")
    left = models.JSONField(default=list, help_text="The first contacts that were not written, with the reason.")
    problem = models.TextField(blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.said} for {len(self.contacts)} contacts"
