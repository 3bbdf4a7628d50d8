from django.db import migrations

from dashboard import encryption


def seal_ids(apps, editor):
    """Connection ids that were stored in the clear are encrypted by the first key."""
    for connection in apps.get_model("dashboard", "Connection").objects.all():
        connection.sealed_id = encryption.encrypt(connection.connection_id)
        connection.id_digest = encryption.compute_digest(connection.connection_id)
        connection.tail = connection.connection_id[-4:] if len(connection.connection_id) >= 12 else "····"
        connection.save(update_fields=["sealed_id", "id_digest", "tail"])


def open_ids(apps, editor):
    for connection in apps.get_model("dashboard", "Connection").objects.all():
        connection.connection_id = encryption.decrypt(connection.sealed_id)
        connection.save(update_fields=["connection_id"])


def leave_one_unknown(apps, editor):
    """From now on one removal of a target may be unknown at a time: older ones are left to a person."""
    seen = set()
    for removal in apps.get_model("dashboard", "Removal").objects.filter(
        state__in=["sent", "unknown"]
    ).order_by("-sent_at"):
        target = removal.connection_id, removal.media_id
        if target in seen:
            removal.state = "unresolved"
            removal.save(update_fields=["state"])
        seen.add(target)


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_ledger_and_audit")]

    operations = [
        migrations.RunPython(seal_ids, open_ids),
        migrations.RunPython(leave_one_unknown, migrations.RunPython.noop),
    ]
