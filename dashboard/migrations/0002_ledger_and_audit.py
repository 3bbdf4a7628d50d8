import dashboard.models
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dashboard', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=255)),
                ('subject', models.CharField(max_length=255)),
                ('name', models.CharField(max_length=255)),
                ('email', models.CharField(blank=True, max_length=255)),
                ('first_seen_at', models.DateTimeField(auto_now_add=True)),
                ('last_seen_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('sequence', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('code', models.CharField(max_length=60)),
                ('verb', models.CharField(max_length=20)),
                ('outcome', models.CharField(max_length=20)),
                ('actor_name', models.CharField(blank=True, max_length=255)),
                ('actor_email', models.CharField(blank=True, max_length=255)),
                ('connection', models.CharField(blank=True, max_length=64)),
                ('media_id', models.CharField(blank=True, max_length=128)),
                ('ticket', models.CharField(blank=True, max_length=100)),
                ('line', models.TextField()),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ('-at', '-sequence'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='removal',
            name='one_removal_in_flight',
        ),
        migrations.AddField(
            model_name='connection',
            name='groups',
            field=models.JSONField(blank=True, default=list, validators=[dashboard.models.validate_groups]),
        ),
        migrations.AddField(
            model_name='connection',
            name='id_digest',
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='sealed_id',
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name='connection',
            name='tail',
            field=models.CharField(max_length=4, null=True),
        ),
        migrations.AddField(
            model_name='removal',
            name='attempt',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='removal',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='removal',
            name='closed_by',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='removal',
            name='closing_note',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='removal',
            name='email',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='removal',
            name='issuer',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name='removal',
            name='lease_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='removal',
            name='looks',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='removal',
            name='next_look_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='removal',
            name='retry_of',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='retries', to='dashboard.removal'),
        ),
        migrations.AddField(
            model_name='removal',
            name='subject',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='removal',
            name='person',
            field=models.CharField(max_length=255),
        ),
        migrations.AlterField(
            model_name='removal',
            name='state',
            field=models.CharField(choices=[('planned', 'Planned'), ('claimed', 'About to be sent'), ('cancelled', 'Cancelled'), ('sent', 'Sent'), ('deleted', 'Deleted'), ('already_gone', 'Already gone'), ('not_removed', 'Not removed'), ('rejected', 'Rejected by the service'), ('refused', 'Never sent'), ('unknown', 'Outcome unknown'), ('verified_gone', 'Gone, found by reading'), ('verified_present', 'Still there, found by reading'), ('recached', 'Cached again since'), ('unresolved', 'Unresolved')], default='sent', max_length=20),
        ),
        migrations.AddIndex(
            model_name='removal',
            index=models.Index(condition=models.Q(('state__in', ['sent', 'unknown', 'unresolved'])), fields=['state', 'sent_at'], name='removal_to_look_at'),
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(fields=('issuer', 'subject'), name='one_account_a_subject'),
        ),
        migrations.AddField(
            model_name='event',
            name='removal',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='dashboard.removal'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['at', 'sequence'], name='event_at'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['verb', 'at', 'sequence'], name='event_verb'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['outcome', 'at', 'sequence'], name='event_outcome'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['actor_name', 'at', 'sequence'], name='event_actor_name'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['actor_email', 'at', 'sequence'], name='event_actor_email'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['connection', 'at', 'sequence'], name='event_connection'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['media_id', 'at', 'sequence'], name='event_media_id'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['ticket', 'at', 'sequence'], name='event_ticket'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['removal', 'sequence'], name='event_removal'),
        ),
    ]
