"""Groups that exist already get the rights that came with two-way tests, pilots and overrides."""

from django.db import migrations

from crmhub.granting import grant

SEE = ["view_twowaytest", "view_pilot", "view_override"]
RUN = [*SEE, "run_two_way_test", "run_pilot", "ask_override", "agree_override"]


class Migration(migrations.Migration):
    dependencies = [
        ("syncrules", "0008_proof_before_going_live"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(
            grant(
                "syncrules",
                {
                    "admin": RUN,
                    "ops": RUN,
                    "reviewer": [*SEE, "agree_override"],
                    "marketing": SEE,
                    "sales": SEE,
                    "auditor": SEE,
                },
            ),
            migrations.RunPython.noop,
        )
    ]
