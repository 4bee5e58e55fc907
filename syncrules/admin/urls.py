"""The pages of connections and worksheets, under /admin/ beside the hub's."""

from syncrules.admin import connections, files, history, policy, worksheet

app_name = "rules"
urlpatterns = [
    *connections.urlpatterns,
    *worksheet.urlpatterns,
    *files.urlpatterns,
    *history.urlpatterns,
    *policy.urlpatterns,
]
