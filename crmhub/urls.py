"""What answers where."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from contacts.unsubscribe import unsubscribe
from crmhub import probes

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="hub:front"), name="home"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("unsubscribe/<str:token>", unsubscribe, name="unsubscribe"),
    path("api/v1/", include("contacts.api.urls")),
    path("admin/", include("contacts.admin.urls")),
    path("admin/", admin.site.urls),
]
