"""Groups that exist already get the rights that came with the stage table's versions."""

from django.db import migrations

from crmhub.granting import grant

LOOK = ["view_stagetableversion", "view_refusal"]
EDIT = [*LOOK, "edit_stage_table", "force_stage_table"]
GRANTED = {"admin": EDIT, "ops": EDIT, "reviewer": LOOK, "marketing": LOOK, "sales": LOOK, "auditor": LOOK}


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_stage_table_versions_and_refusals"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant("contacts", GRANTED), migrations.RunPython.noop)]
