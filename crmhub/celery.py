"""The Celery app. A message only says "look": the work itself is a database row, so none can be lost here."""

import logging.config
import os
from typing import Any

from celery import Celery, signals

from crmhub import broker, environment
from crmhub.heartbeat import WorkerHeartbeat
from crmhub.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmhub.settings")
environment.current()  # a bad environment ends the process here, before Celery wraps the news in a traceback
broker.register()

app = Celery("crmhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(WorkerHeartbeat)


@signals.setup_logging.connect
def log_as_django_does(**kwargs: Any) -> None:
    """Keep Celery from installing its own handlers: one format, one line an event, in every process."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_ready.connect
def look_around(**kwargs: Any) -> None:
    """What waited while no worker was there is begun at once, not at the schedule's first turn."""
    for task in ("contacts.tasks.sweep", "syncrules.tasks.sweep"):
        app.send_task(task, expires=60)


@signals.beat_embedded_init.connect
def stop_beat_with_worker(**kwargs: Any) -> None:
    """The schedule's process watches nobody: without this a killed worker would leave it ticking."""
    die_with_parent()
