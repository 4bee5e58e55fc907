"""The pages of connections and worksheets, under /admin/ beside the hub's."""

from syncrules.admin import audits, connections, files, health, history, policy, worksheet

app_name = "rules"
urlpatterns = [
    *audits.urlpatterns,
    *connections.urlpatterns,
    *worksheet.urlpatterns,
    *files.urlpatterns,
    *health.urlpatterns,
    *history.urlpatterns,
    *policy.urlpatterns,
]
