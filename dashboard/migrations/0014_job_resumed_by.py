from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0013_budgets")]

    operations = [
        migrations.AddField("job", name, models.CharField(max_length=255, blank=True, default=""), preserve_default=False)
        for name in ("resumed_by_issuer", "resumed_by_subject")
    ]
