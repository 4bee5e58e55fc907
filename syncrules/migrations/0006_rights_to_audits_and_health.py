"""Groups that exist already get the rights that came with duplicate audits and health."""

from django.db import migrations

from crmhub.granting import grant

SEE = ["view_audit", "view_healthreport"]
RUN = [*SEE, "start_audit", "merge_in_map", "run_health", "change_targets"]


class Migration(migrations.Migration):
    dependencies = [
        ("syncrules", "0005_audits_and_health"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(
            grant(
                "syncrules",
                {"admin": RUN, "ops": RUN, "reviewer": SEE, "marketing": SEE, "sales": SEE, "auditor": SEE},
            ),
            migrations.RunPython.noop,
        )
    ]
