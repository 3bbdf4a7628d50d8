from django.db import migrations, models

from dashboard.audit import triggers


def put_up(apps, editor):
    triggers.install(editor)


def take_down(apps, editor):
    triggers.remove(editor)


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0003_seal_connection_ids")]

    operations = [
        migrations.AlterField("connection", "sealed_id", models.TextField()),
        migrations.AlterField("connection", "id_digest", models.CharField(max_length=64, unique=True)),
        migrations.AlterField("connection", "tail", models.CharField(max_length=4)),
        migrations.RemoveField("connection", "connection_id"),
        migrations.AddConstraint(
            model_name="removal",
            constraint=models.UniqueConstraint(
                condition=models.Q(state__in=["sent", "unknown"]),
                fields=("connection", "media_id"),
                name="one_removal_in_flight",
            ),
        ),
        migrations.RunPython(put_up, take_down),
    ]
