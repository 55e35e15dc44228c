"""The state after sign-in moves from the channel to the agents; every agent begins Offline."""

from django.db import migrations


def keep_sign_in_state(apps, schema_editor):
    channel = apps.get_model("email_channels", "ChannelSettings").objects.first()
    if channel and channel.sign_in_state and channel.sign_in_state.lower() != "in-email":
        settings_row = apps.get_model("agents", "AgentSettings")
        settings_row.objects.update_or_create(
            pk=1, defaults={"sign_in_state": channel.sign_in_state}
        )
    state = apps.get_model("agents", "AgentState")
    agents = apps.get_model("agents", "Agent").objects.values_list("pk", flat=True)
    state.objects.bulk_create(state(agent_id=pk) for pk in agents)


class Migration(migrations.Migration):

    dependencies = [
        ("agents", "0003_people_and_states"),
        ("email_channels", "0001_initial"),
    ]

    operations = [migrations.RunPython(keep_sign_in_state, migrations.RunPython.noop)]
