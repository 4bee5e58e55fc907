"""CRM Hub's running frame: settings, urls, the Celery app and the one command that starts it all."""

from crmhub.celery import app as celery_app

__all__ = ["celery_app"]
