from django.db import migrations, models

from dashboard.audit import triggers


def take_down(apps, editor):
    triggers.remove(editor)


def put_up(apps, editor):
    triggers.install(editor)


class Migration(migrations.Migration):
    """A new event has the next number. SQLite makes the table anew, which takes its triggers away."""

    dependencies = [("dashboard", "0009_event_begun_job")]

    operations = [
        migrations.RunPython(take_down, put_up),
        migrations.AddConstraint(
            "event",
            models.CheckConstraint(
                condition=models.Q(sequence__range=(1, 2**53 - 1)), name="event_number_in_bounds"
            ),
        ),
        migrations.RunPython(put_up, take_down),
    ]
