from django.db import migrations, models
from django.utils import timezone

from dashboard import encryption
from dashboard.models.signed import write_signed_text

CONNECTION = (
    *("slug", "label", "colour", "groups", "sealed_id", "id_digest", "tail", "created_at", "archived_at"),
)
ACCOUNT = ("issuer", "subject", "groups", "last_seen_at")


def sign_rows(apps, editor):
    """Bind each encrypted id to its slug, and sign what stands. A row that no key opens stays as it is: it
    cannot be used until `manage.py connection confirm` was run."""
    for row in apps.get_model("dashboard", "Connection").objects.all():
        try:
            row.sealed_id = encryption.encrypt(f"{row.slug} {encryption.decrypt(row.sealed_id)}")
        except encryption.DecryptionError:
            continue
        row.signature = encryption.sign(write_signed_text(row, CONNECTION))
        row.save(update_fields=["sealed_id", "signature"])
    for row in apps.get_model("dashboard", "Account").objects.iterator():
        row.signature = encryption.sign(write_signed_text(row, ACCOUNT))
        row.save(update_fields=["signature"])


def unbind_ids(apps, editor):
    for row in apps.get_model("dashboard", "Connection").objects.all():
        try:
            row.sealed_id = encryption.encrypt(encryption.decrypt(row.sealed_id).rpartition(" ")[2])
        except encryption.DecryptionError:
            continue
        row.save(update_fields=["sealed_id"])


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0011_groups_of_views")]

    operations = [
        migrations.AlterField("connection", "created_at", models.DateTimeField(default=timezone.now)),
        *(
            migrations.AddField(
                model, "signature", models.CharField(default="", editable=False, max_length=73)
            )
            for model in ("account", "connection")
        ),
        migrations.RunPython(sign_rows, unbind_ids),
    ]
