"""The list of arrivals: everything that came in, with what was decided for it, and its export."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path

from contacts.admin.list_pages import Asked, address, choice, frame, narrow, send, show
from contacts.admin.pages import needs, page
from contacts.exports import ArrivalResource
from contacts.list_search import search_arrivals
from contacts.models import Arrival, Contact, ImportBatch, Outcome, Source
from contacts.orders import Cursor, Order, read_id
from contacts.services.merged import living_id

NEWEST = Order("newest", descending=True)
BY_ROW = Order("row", "row")
SHOWN = (
    "id", "source_id", "source_slug", "batch_id", "row", "door", "actor", "received_at", "email_key", "who",
    "outcome", "reason", "contact_id", "review_id",
)  # fmt: skip
FILTERS = ("outcome", "source", "door", "batch", "contact", "undeclared")


def asked_for(request: HttpRequest) -> Asked:
    """What the address asks for. The filter with the best index is walked, the others are checked."""
    params = request.GET
    typed = params.get("q", "").strip()
    batch = choice(params, "batch", "batch")
    asked = Asked(params, BY_ROW if batch else NEWEST, Arrival.objects.only(*SHOWN))
    outcome, undeclared = params.get("outcome", ""), params.get("undeclared", "").replace("\x00", "")
    if outcome or undeclared:
        asked.within = Q(outcome="" if undeclared else outcome.replace("\x00", ""))
    if batch:
        asked.checked, asked.within = asked.within, batch & Q(batch__isnull=False)
    if undeclared and undeclared != "all":
        asked.checked &= Q(source_slug=undeclared)
    if params.get("door"):
        asked.checked &= Q(door=params["door"].replace("\x00", ""))
    asked.narrow = narrow(_leading_home(params), "contact") + narrow(params, "source")
    asked.search = search_arrivals(typed) if typed else None
    return asked


def _leading_home(params: QueryDict) -> QueryDict:
    """The parameters with the number of a contact that was merged replaced by the one that it leads to."""
    ident = read_id(params.get("contact", ""))
    home = living_id(ident) if ident is not None else None
    if home is None:
        return params
    leading = params.copy()
    leading["contact"] = str(home)
    return leading


def start_from(asked: Asked) -> Cursor | None:
    """Where "go to" leads: an arrival's number, or a row of the file."""
    number = read_id(asked.params.get("from", "").strip().lstrip("#").replace(",", ""))
    if number is None:
        return None
    return Cursor(number, 0) if asked.order is BY_ROW else Cursor(number + 1, number + 1)


@needs("contacts.view_arrival")
def arrival_list(request: HttpRequest) -> HttpResponse:
    """A page of arrivals."""
    asked = asked_for(request)
    shown, how_many = show(asked, start_from(asked))
    sources = {source.pk: source for source in Source.objects.all()}
    batches = ImportBatch.objects.only("filename").in_bulk({a.batch_id for a in shown.rows if a.batch_id})
    people = Contact.objects.only("first_name", "last_name", "email", "phone").in_bulk(
        {a.contact_id for a in shown.rows if a.contact_id}
    )
    for arrival in shown.rows:
        arrival.came_from = sources.get(arrival.source_id)
        arrival.file = batches.get(arrival.batch_id)
        arrival.person = people.get(arrival.contact_id)
    params = asked.params
    context = {
        **frame(asked, shown, how_many, ("arrival", "arrivals"), FILTERS),
        "by_row": asked.order is BY_ROW,
        "sources": sources.values(),
        "outcomes": Outcome.choices,
        "doors": Arrival.Door.choices,
        "without": {name: address(params, **{name: None}) for name in ("batch", "contact")},
    }
    return page(request, "hub/list_arrivals.html", "Arrivals", context)


@needs("contacts.export_arrival")
def arrivals_export(request: HttpRequest) -> HttpResponseBase:
    """The whole log as the address filters it, as CSV or XLSX."""
    return send(request, ArrivalResource(), asked_for(request), "arrivals")


urlpatterns = [
    path("arrivals/", arrival_list, name="arrivals"),
    path("arrivals/export/", arrivals_export, name="arrivals_export"),
]
