from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dashboard', '0007_job_crashes'),
    ]

    operations = [
        migrations.AddField(
            model_name='removal',
            name='answer_status',
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
