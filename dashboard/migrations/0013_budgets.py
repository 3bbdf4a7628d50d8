from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("dashboard", "0012_signatures")]

    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("issuer", models.CharField(max_length=255)),
                ("subject", models.CharField(max_length=255)),
                ("kind", models.CharField(max_length=20)),
                ("person", models.CharField(max_length=255)),
                ("started_at", models.DateTimeField()),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("refused_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["issuer", "subject", "kind"], name="one_budget_a_kind")
                ]
            },
        ),
    ]
