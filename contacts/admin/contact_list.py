"""The list of contacts: search, filters, pages, and its export."""

from __future__ import annotations

import string
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path

from contacts.admin.list_pages import NOBODY, Asked, address, choice, frame, narrow, send, show
from contacts.admin.pages import needs, page
from contacts.domain.identity import fold
from contacts.exports import ContactResource
from contacts.list_search import search_contacts
from contacts.models import Contact, Source, Stage
from contacts.orders import Cursor, Order, read_id

NEWEST = Order("newest", descending=True)
BY_NAME = Order("name", "sort_key", text=True)
ORDERS = {order.name: order for order in (NEWEST, BY_NAME)}
#: Instead of a stage: known people, who have none and so are no leads. No stage can be called that.
KNOWN = "~"
FILTERS = ("stage", "source", "owner", "shared")
SHOWN = (
    "id", "email", "first_name", "last_name", "company", "company_domain", "phone", "lifecycle_stage_id",
    "owner_id", "source_id", "shared_mailbox", "created_at", "sort_key",
)  # fmt: skip


def asked_for(request: HttpRequest) -> Asked:
    """What the address asks for: order, filters and search."""
    params = request.GET
    typed = params.get("q", "").strip()
    order = ORDERS.get(params.get("order", ""), BY_NAME if typed else NEWEST)
    asked = Asked(params, order, Contact.objects.only(*SHOWN))
    stage = params.get("stage", "").replace("\x00", "")
    asked.narrow = narrow(params, "source")
    if stage:
        asked.checked &= Q(lifecycle_stage__isnull=True) if stage == KNOWN else Q(lifecycle_stage=stage)
    if owner := choice(params, "owner", "owner", nobody=True):
        asked.checked &= owner
    if params.get("shared"):
        asked.checked &= Q(shared_mailbox=True)
    asked.search = search_contacts(typed) if typed else None
    return asked


def start_from(asked: Asked) -> Cursor | None:
    """Where "go to" leads: the beginning of a name, or a contact's number."""
    wanted = asked.params.get("from", "")
    if asked.order is BY_NAME:
        return Cursor(fold(wanted), 0) if wanted else None
    number = read_id(wanted.strip().lstrip("#").replace(",", ""))
    return None if number is None else Cursor(number + 1, number + 1)


@needs("contacts.view_contact")
def contact_list(request: HttpRequest) -> HttpResponse:
    """A page of contacts."""
    asked = asked_for(request)
    shown, how_many = show(asked, start_from(asked))
    stages = {stage.pk: stage for stage in Stage.objects.all()}
    sources = {source.pk: source for source in Source.objects.all()}
    people = {user.pk: user for user in get_user_model().objects.filter(is_staff=True).order_by("username")}
    for contact in shown.rows:
        contact.stage = stages.get(contact.lifecycle_stage_id)
        contact.came_from = sources.get(contact.source_id)
        contact.belongs_to = people.get(contact.owner_id)
    context = {
        **frame(asked, shown, how_many, ("contact", "contacts"), FILTERS, order=None),
        **_orders(asked.params),
        "by_name": asked.order is BY_NAME,
        "stages": stages.values(),
        "sources": sources.values(),
        "people": people.values(),
        "nobody": NOBODY,
        "known": KNOWN,
    }
    return page(request, "hub/list_contacts.html", "Contacts", context)


def _orders(params: QueryDict) -> dict[str, Any]:
    """The addresses that order the list, and those that go to a letter in it."""
    by_name = address(params, order="name")
    return {
        "order_newest": address(params, order="newest"),
        "order_name": by_name,
        "letters": [(letter, f"{by_name}&from={letter.lower()}") for letter in string.ascii_uppercase],
    }


@needs("contacts.export_contact")
def contacts_export(request: HttpRequest) -> HttpResponseBase:
    """The whole list as the address filters it, as CSV or XLSX."""
    return send(request, ContactResource(), asked_for(request), "contacts")


urlpatterns = [
    path("contacts/", contact_list, name="contacts"),
    path("contacts/export/", contacts_export, name="contacts_export"),
]
