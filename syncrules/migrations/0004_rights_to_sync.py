"""Groups that exist already get the rights that came with syncing."""

from django.db import migrations

from crmhub.granting import grant

RUN = ["run_sync", "switch_connection"]


class Migration(migrations.Migration):
    dependencies = [
        ("syncrules", "0003_outbox_and_inbox"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant("syncrules", {"admin": RUN, "ops": RUN}), migrations.RunPython.noop)]
