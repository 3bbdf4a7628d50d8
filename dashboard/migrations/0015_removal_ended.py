from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0014_job_resumed_by")]

    operations = [
        migrations.AddIndex(
            "removal",
            models.Index(
                fields=["connection", "-settled_at"],
                name="removal_ended",
                condition=models.Q(settled_at__isnull=False),
            ),
        ),
    ]
