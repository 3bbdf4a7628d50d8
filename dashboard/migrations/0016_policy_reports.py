from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("dashboard", "0015_removal_ended")]

    operations = [
        migrations.CreateModel(
            name='PolicyReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('directive', models.CharField(max_length=41)),
                ('blocked', models.CharField(max_length=161)),
                ('page', models.CharField(max_length=60)),
                ('count', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'directive', 'blocked', 'page'), name='one_policy_report_a_day')],
            },
        ),
    ]
