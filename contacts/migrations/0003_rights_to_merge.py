"""Groups that exist already get the rights that came with merging; a new hub seeds them (contacts/roles.py)."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

GRANTED = {
    "admin": ["view_merge", "merge_contact", "unmerge_contact", "start_duplicatescan"],
    "ops": ["view_merge", "merge_contact", "unmerge_contact", "start_duplicatescan"],
    "reviewer": ["view_merge", "merge_contact", "unmerge_contact"],
    "marketing": ["view_merge"],
    "sales": ["view_merge"],
    "auditor": ["view_merge"],
}


def grant(apps: Apps, schema_editor: object) -> None:
    groups = apps.get_model("auth", "Group").objects.filter(name__in=GRANTED)
    if not groups:
        return
    app = apps.get_app_config("contacts")
    # Rights are made after all migrations, which is too late here; a migration's app has no models of its own.
    before = getattr(app, "models_module", None)
    app.models_module = before or True
    create_permissions(app, verbosity=0, apps=apps)
    app.models_module = before
    rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="contacts")
    for group in groups:
        group.permissions.add(*rights.filter(codename__in=GRANTED[group.name]))


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0002_merges_and_the_queue"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
