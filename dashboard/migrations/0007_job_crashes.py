from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dashboard', '0006_events_alone'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='crashes',
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
