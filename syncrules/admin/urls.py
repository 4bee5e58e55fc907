"""The pages of connections and worksheets, under /admin/ beside the hub's."""

from syncrules.admin import (
    audits,
    connection_settings,
    connections,
    errors,
    files,
    go_live,
    health,
    history,
    opt_outs,
    pilot,
    policy,
    syncing,
    threshold,
    worksheet,
)

app_name = "rules"
urlpatterns = [
    *audits.urlpatterns,
    *connections.urlpatterns,
    *syncing.urlpatterns,
    *connection_settings.urlpatterns,
    *go_live.urlpatterns,
    *pilot.urlpatterns,
    *threshold.urlpatterns,
    *errors.urlpatterns,
    *opt_outs.urlpatterns,
    *worksheet.urlpatterns,
    *files.urlpatterns,
    *health.urlpatterns,
    *history.urlpatterns,
    *policy.urlpatterns,
]
