"""Groups that exist already get the rights that came with the ledger of consent."""

from django.db import migrations

from crmhub.granting import grant

LOOK = ["view_consentrecord"]
STOP = [*LOOK, "withdraw_consent"]
ERASE = [*STOP, "erase_person"]
GRANTED = {"admin": ERASE, "ops": ERASE, "reviewer": STOP, "marketing": STOP, "sales": STOP, "auditor": LOOK}


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0009_the_ledger_of_consent"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant("contacts", GRANTED), migrations.RunPython.noop)]
