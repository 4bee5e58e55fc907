"""What answers where."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from contacts.admin.stage_policy import stage_policy
from contacts.unsubscribe import unsubscribe
from crmhub import probes
from syncrules.admin.policy import vendor_policy
from syncrules.hooks import webhook

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="hub:front"), name="home"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("unsubscribe/<str:token>", unsubscribe, name="unsubscribe"),
    path("api/v1/", include("contacts.api.urls")),
    path("hooks/<slug:slug>", webhook, name="webhook"),
    path("policy/stages/<str:token>/", stage_policy, name="stage_policy"),
    path("policy/<str:token>/", vendor_policy, name="vendor_policy"),
    path("admin/", include("contacts.admin.urls")),
    path("admin/", include("syncrules.admin.urls")),
    path("admin/", admin.site.urls),
]
