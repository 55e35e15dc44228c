"""When this floor is woken: every ten seconds, for what only time changes."""

from celery import shared_task

from apps.agents.upkeep import end_absences, uphold_guards


@shared_task
def keep_states() -> None:
    end_absences()
    uphold_guards()
