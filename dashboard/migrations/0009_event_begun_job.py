import json
from uuid import UUID

from django.db import migrations, models

from dashboard.audit import triggers

BATCH_SIZE = 500


def fill(apps, editor):
    """Write beside each event that begins a bulk removal which one that is, as its line says. The line and its
    hash stay as they are; an event whose line was tampered with keeps none, and the audit names it anyway."""
    events = apps.get_model("dashboard", "Event").objects
    beginnings = events.filter(outcome="planned", code="media.bulk.planned", begun_job=None)
    last = 0
    with triggers.suspend():
        while batch := list(
            beginnings.filter(sequence__gt=last).order_by("sequence").values_list("sequence", "line")[:BATCH_SIZE]
        ):
            for sequence, line in batch:
                if job := named_job(line):
                    events.filter(sequence=sequence).update(begun_job=job)
            last = batch[-1][0]


def named_job(line):
    try:
        return UUID(json.loads(line)["result"]["job"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class Migration(migrations.Migration):
    """Taken back, the column goes; migrated again, it is filled again."""

    dependencies = [("dashboard", "0008_answer_status")]

    operations = [
        migrations.AddField("event", "begun_job", models.UUIDField(null=True)),
        migrations.AddIndex(
            "event",
            models.Index(
                fields=["begun_job"], name="event_begun_job", condition=models.Q(begun_job__isnull=False)
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
