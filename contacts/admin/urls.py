"""Our own pages, under /admin/ beside Django's."""

from contacts.admin import (
    arrival_list,
    arrivals,
    consent_reports,
    consents,
    contact_bulk,
    contact_list,
    contacts,
    front,
    imports,
    merges,
    reviews,
    rights,
    sources,
    stage_draft,
    stage_policy,
    stage_refusals,
    stage_table,
    stage_versions,
)

app_name = "hub"
urlpatterns = [
    *front.urlpatterns,
    *consents.urlpatterns,
    *consent_reports.urlpatterns,
    *contact_bulk.urlpatterns,
    *contact_list.urlpatterns,
    *contacts.urlpatterns,
    *arrival_list.urlpatterns,
    *arrivals.urlpatterns,
    *imports.urlpatterns,
    *merges.urlpatterns,
    *reviews.urlpatterns,
    *sources.urlpatterns,
    *stage_table.urlpatterns,
    *stage_draft.urlpatterns,
    *stage_versions.urlpatterns,
    *stage_policy.urlpatterns,
    *stage_refusals.urlpatterns,
    *rights.urlpatterns,
]
