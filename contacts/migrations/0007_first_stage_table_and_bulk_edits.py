"""The stages of hubs that exist become version 1 of the stage table; edits of many contacts, and the vendors' link."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

HUB = "CRM Hub"
STATUS = [
    ("checking", "being worked out"),
    ("checked", "waits for a word"),
    ("queued", "waiting for a worker"),
    ("running", "running"),
    ("done", "done"),
    ("failed", "failed"),
]


def first_version(apps, schema_editor):
    rows = apps.get_model("contacts", "Stage").objects.all()
    versions = apps.get_model("contacts", "StageTableVersion").objects
    if not rows or versions.exists():
        return
    stages = [
        {
            "slug": r.slug,
            "label": r.label,
            "rank": r.rank,
            "owner": r.owner,
            "description": r.description,
            "also_called": [n.strip() for n in r.also_called.split("/") if n.strip()],
        }
        for r in sorted(rows, key=lambda r: (r.rank, r.slug != "new-lead", r.label))
    ]
    now = timezone.now()
    versions.create(
        number=1,
        state="in-force",
        data={"stages": stages, "closed": [], "names": {}},
        made_by=HUB,
        made_at=now,
        saved_by=HUB,
        saved_at=now,
        forced_by=HUB,
        forced_at=now,
        reason="The stages that the hub started with.",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0006_rights_to_the_stage_table"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="hubsettings",
            name="stage_policy_issue",
            field=models.PositiveIntegerField(
                default=1,
                editable=False,
                help_text="Goes up when the vendors' link to the stage table's policy is made anew.",
            ),
        ),
        migrations.CreateModel(
            name="BulkEdit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stage", models.CharField(blank=True, help_text="The slug of the stage to set; empty: leave it.", max_length=40)),
                ("sets_owner", models.BooleanField(default=False)),
                ("said", models.CharField(help_text="What was asked for, in words.", max_length=300)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("which", models.CharField(blank=True, help_text="Which contacts were chosen, in words.", max_length=300)),
                ("contacts", models.JSONField(default=list, help_text="Contact ids, in order.")),
                ("status", models.CharField(choices=STATUS, default="checking", max_length=10)),
                ("found", models.JSONField(default=dict, help_text="What would happen: counts, the first contacts, and refusals.")),
                ("done", models.PositiveIntegerField(default=0, help_text="Contacts that it has gone through.")),
                ("written", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=dict, help_text="Why something was not written, with how often.")),
                ("left", models.JSONField(default=list, help_text="The first contacts that were not written, with the reason.")),
                ("problem", models.TextField(blank=True)),
                ("lease_holder", models.CharField(blank=True, max_length=80)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("created_by_name", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("owner", models.ForeignKey(help_text="None: nobody.", null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunPython(first_version, migrations.RunPython.noop),
    ]
