"""Groups that exist already get the rights that came with connections and worksheets."""

from django.db import migrations

from crmhub.granting import grant

LOOK = ["view_connection", "view_worksheetversion"]
EDIT = [*LOOK, "add_connection", "change_connection", "edit_worksheet", "force_worksheet"]
GRANTED = {"admin": EDIT, "ops": EDIT, "reviewer": LOOK, "marketing": LOOK, "sales": LOOK, "auditor": LOOK}


class Migration(migrations.Migration):
    dependencies = [
        ("syncrules", "0001_connections_and_worksheets"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant("syncrules", GRANTED), migrations.RunPython.noop)]
