"""The WSGI entry point: `gunicorn crmhub.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmhub.settings")

application = get_wsgi_application()
