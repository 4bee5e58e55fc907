"""Our own pages, under /admin/ beside Django's."""

from contacts.admin import arrivals, contacts, front, imports, reviews, rights, sources

app_name = "hub"
urlpatterns = [
    *front.urlpatterns,
    *contacts.urlpatterns,
    *arrivals.urlpatterns,
    *imports.urlpatterns,
    *reviews.urlpatterns,
    *sources.urlpatterns,
    *rights.urlpatterns,
]
