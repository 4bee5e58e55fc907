"""Our own pages, under /admin/ beside Django's."""

from contacts.admin import (
    arrival_list,
    arrivals,
    consents,
    contact_list,
    contacts,
    front,
    imports,
    merges,
    reviews,
    rights,
    sources,
)

app_name = "hub"
urlpatterns = [
    *front.urlpatterns,
    *consents.urlpatterns,
    *contact_list.urlpatterns,
    *contacts.urlpatterns,
    *arrival_list.urlpatterns,
    *arrivals.urlpatterns,
    *imports.urlpatterns,
    *merges.urlpatterns,
    *reviews.urlpatterns,
    *sources.urlpatterns,
    *rights.urlpatterns,
]
