"""The pages of connections and worksheets, under /admin/ beside the hub's."""

from syncrules.admin import (
    connection_settings,
    connections,
    errors,
    files,
    history,
    policy,
    syncing,
    threshold,
    worksheet,
)

app_name = "rules"
urlpatterns = [
    *connections.urlpatterns,
    *syncing.urlpatterns,
    *connection_settings.urlpatterns,
    *threshold.urlpatterns,
    *errors.urlpatterns,
    *worksheet.urlpatterns,
    *files.urlpatterns,
    *history.urlpatterns,
    *policy.urlpatterns,
]
