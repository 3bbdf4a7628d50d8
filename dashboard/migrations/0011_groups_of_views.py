from django.db import migrations, models


def fill(apps, editor):
    """Write beside each view that is shared for any connection the groups by which its author, as last seen,
    comes to connections. Of an author who was never seen, nobody knows them: it is shared no more."""
    named = {group for one in apps.get_model("dashboard", "Connection").objects.all() for group in one.groups}
    accounts = apps.get_model("dashboard", "Account").objects
    shared = apps.get_model("dashboard", "SavedView").objects.filter(is_shared=True, connection=None)
    for view in shared if named else ():
        account = accounts.filter(issuer=view.issuer, subject=view.subject).first()
        view.is_shared = account is not None
        view.groups = [group for group in account.groups if group in named] if account else []
        view.save(update_fields=["is_shared", "groups"])


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0010_event_numbers")]

    operations = [
        migrations.AddField("savedview", "groups", models.JSONField(default=list)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
