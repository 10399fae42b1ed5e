from django.db import migrations

from scoring.criteria.locks import hold_locked_sets


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_append_only")]

    operations = [hold_locked_sets()]
