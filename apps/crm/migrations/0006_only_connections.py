import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("crm", "0005_move_connections")]

    operations = [
        migrations.RemoveField(
            model_name='crmsettings',
            name='kind',
        ),
        migrations.RemoveField(
            model_name='crmsettings',
            name='options',
        ),
        migrations.RemoveField(
            model_name='crmsettings',
            name='token',
        ),
        migrations.RemoveField(
            model_name='crmsettings',
            name='url',
        ),
        migrations.RemoveField(
            model_name='ticketlink',
            name='kind',
        ),
        migrations.AlterField(
            model_name='crmsettings',
            name='connection',
            field=models.OneToOneField(help_text='Where the tickets of new conversations are opened; the others stay.', on_delete=django.db.models.deletion.PROTECT, related_name='settings', to='crm.crmconnection', verbose_name='CRM'),
        ),
        migrations.AlterField(
            model_name='ticketlink',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='links', to='crm.crmconnection', verbose_name='CRM'),
        ),
    ]
