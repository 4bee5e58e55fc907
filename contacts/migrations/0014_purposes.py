"""What people are mailed for, in the words of ops; product news is there from the start."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from crmhub.granting import grant

GRANTED = {"admin": ["change_purpose"], "ops": ["change_purpose"]}


def product_news(apps, schema_editor):
    given = {"name": "Product news", "added_by_name": "the hub", "added_at": timezone.now()}
    apps.get_model("contacts", "Purpose").objects.get_or_create(slug="product-news", defaults=given)


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0013_what_an_erasure_leaves_to_do'),
    ]

    operations = [
        migrations.CreateModel(
            name='Purpose',
            fields=[
                ('slug', models.SlugField(help_text='Stays: records name it.', max_length=40, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('in_use', models.BooleanField(default=True)),
                ('added_by_name', models.CharField(max_length=200)),
                ('added_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='historicalsource',
            name='purpose',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='What its opt-in is about; product news, unless you say otherwise.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='contacts.purpose'),
        ),
        migrations.AddField(
            model_name='source',
            name='purpose',
            field=models.ForeignKey(blank=True, help_text='What its opt-in is about; product news, unless you say otherwise.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contacts.purpose'),
        ),
        migrations.RunPython(product_news, migrations.RunPython.noop),
        migrations.RunPython(grant("contacts", GRANTED), migrations.RunPython.noop),
    ]
