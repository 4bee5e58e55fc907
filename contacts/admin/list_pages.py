"""What the two list pages share: reading an address, ways on and back, totals in words, and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from import_export.resources import Resource

from contacts import exports
from contacts.list_search import Search
from contacts.lists import (
    ANY,
    MOST_FOUND,
    Found,
    Listing,
    Page,
    Total,
    Way,
    everything,
    find,
    page,
    page_of_found,
    total,
)
from contacts.orders import Cursor, Order, read_id, without_index

PLACES = ("after", "before", "end", "from")
NOBODY = "none"
TOO_LONG_FOR_XLSX = (
    f"An XLSX holds at most {exports.MOST_XLSX_ROWS:,} rows here, and this list is longer. "
    "Take the CSV, or narrow the list."
)


class Narrow(NamedTuple):
    """A filter that some index gives, in another order: by that index, and for rows that are looked at."""

    indexed: Q
    checked: Q


@dataclass
class Asked:
    """What an address asks for.

    ``within`` is what an index gives in this order, ``checked`` what no index gives; ``narrow`` is between.
    """

    params: QueryDict
    order: Order
    table: QuerySet[Any]
    within: Q = ANY
    checked: Q = ANY
    narrow: list[Narrow] = field(default_factory=list)
    search: Search | None = None

    @property
    def rows(self) -> QuerySet[Any]:
        return self.table.filter(self.within)

    @property
    def filtered(self) -> bool:
        return bool(self.within or self.checked or self.narrow or self.search)

    @property
    def listing(self) -> Listing:
        checked = self.checked
        for narrow in self.narrow:
            checked &= narrow.checked
        return Listing(self.rows, self.order, checked)

    def few(self) -> Found | None:
        """The rows as a short list of places, where a search or a rare value makes it short."""
        condition = self.within & self.listing.checked
        if self.search is not None:
            return find(self.table, self.search.ways, condition, self.order)
        for narrow in self.narrow:
            way = Way(self.table.filter(narrow.indexed).order_by().values_list("pk", flat=True))
            if len(way.ids[: MOST_FOUND + 1]) <= MOST_FOUND:
                return find(self.table, [way], condition, self.order)
        return None

    def everything(self, columns: QuerySet[Any]) -> QuerySet[Any]:
        """The same rows without paging, by id, for an export that loads these columns."""
        condition = self.listing.checked
        if self.search is not None:
            condition = everything(self.search.ways, condition)
        return columns.filter(self.within & condition).order_by("pk")


def show(asked: Asked, start: Cursor | None = None) -> tuple[Page, Total]:
    """The page that the address names, and how long the list is. Before the beginning is the first page."""
    params, order = asked.params, asked.order
    before = order.read(params.get("before", ""))
    cursor = before or order.read(params.get("after", "")) or start
    backwards = before is not None or "end" in params
    if "end" in params:
        cursor = None
    found = asked.few()
    if found is not None:
        shown = page_of_found(found, asked.table, order, cursor, backwards=backwards)
        if backwards and not shown.rows:
            shown = page_of_found(found, asked.table, order)
        number = len(found.places)
        if found.complete:
            return shown, Total(number)
        return shown, Total(number // 100 * 100, "more") if number >= 100 else Total(number, "least")
    shown = page(asked.listing, cursor, backwards=backwards)
    if backwards and not shown.rows and not shown.previous:
        shown = page(asked.listing)
    return shown, total(asked.listing, shown, everything_listed=not asked.filtered)


def choice(params: QueryDict, name: str, column: str, *, nobody: bool = False) -> Q | None:
    """The condition of a filter by id; one that makes no sense matches nothing rather than everything."""
    value = params.get(name, "")
    if not value:
        return None
    if nobody and value == NOBODY:
        return Q(**{f"{column}__isnull": True})
    ident = read_id(value)
    return Q(pk__in=[]) if ident is None else Q(**{column: ident})


def narrow(params: QueryDict, name: str) -> list[Narrow]:
    """The filter by id of an indexed column, if it is set."""
    condition, ident = choice(params, name, name), read_id(params.get(name, ""))
    if condition is None:
        return []
    return [Narrow(condition, condition if ident is None else without_index(f"{name}_id", ident))]


def address(params: QueryDict, **changes: str | None) -> str:
    """This page's address with some parameters changed, and back at the first page."""
    changed = params.copy()
    for name in PLACES:
        changed.pop(name, None)
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}"


def carried(params: QueryDict) -> list[tuple[str, str]]:
    """What a form that goes to a place in the list keeps: the filters and the order."""
    return [(name, value) for name, value in params.items() if value and name not in PLACES]


def ways_on(params: QueryDict, shown: Page) -> dict[str, str]:
    """The addresses of the first, previous, next and last page, where there are such."""
    ways = {"first": address(params)} if shown.previous else {}
    if shown.previous:
        ways["previous"] = address(params, before=shown.previous)
    if shown.next:
        ways |= {"next": address(params, after=shown.next), "last": address(params, end="1")}
    return ways


def in_words(how_many: Total, one: str, many: str, *, filtered: bool) -> str:
    """ "212 contacts", "about 1,000,000 contacts", "more than 1,000 matches"."""
    one, many = ("match", "matches") if filtered else (one, many)
    if not how_many.number:
        return "none found so far" if how_many.how == "least" else f"no {many}"
    opening = {"about": "about ", "more": "more than ", "least": "at least "}.get(how_many.how, "")
    return f"{opening}{intcomma(how_many.number)} {one if how_many.number == 1 else many}"


def frame(
    asked: Asked, shown: Page, how_many: Total, words: tuple[str, str], filters: Sequence[str], **dropped: None
) -> dict[str, Any]:
    """What both lists show round their rows. ``dropped`` are parameters that an export does without."""
    params = asked.params
    return {
        "asked": asked,
        "shown": shown,
        "ways": ways_on(params, shown),
        "many": how_many.how in ("more", "least"),
        "total": in_words(how_many, *words, filtered=asked.filtered),
        "without_filters": address(params, q=None, **dict.fromkeys(filters)),
        "carried": carried(params),
        "export": {form: address(params, format=form, **dropped) for form in ("csv", "xlsx")},
        "picked": {name: params.get(name, "") for name in ("q", "from", *filters)},
    }


def send(request: HttpRequest, resource: Resource, asked: Asked, name: str) -> HttpResponseBase:
    """The whole list as a download, and a line in the log. A workbook has a limit, a CSV has none."""
    form = "xlsx" if request.GET.get("format") == "xlsx" else "csv"
    rows = asked.everything(resource.get_queryset())
    if form == "xlsx" and rows.values("pk")[: exports.MOST_XLSX_ROWS + 1].count() > exports.MOST_XLSX_ROWS:
        messages.error(request, TOO_LONG_FOR_XLSX)
        return redirect(f"{reverse(f'hub:{name}')}{address(asked.params, format=None)}")
    filename = f"{name}-{timezone.now():%Y-%m-%d}.{form}"
    who = request.user.get_username()
    cells = exports.noted(exports.rows_of(resource, rows), what=name, form=form, who=who)
    if form == "xlsx":
        file = exports.xlsx_file(cells)
        return FileResponse(file, as_attachment=True, filename=filename, content_type=exports.XLSX_TYPE)
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(exports.csv_lines(cells), content_type=exports.CSV_TYPE, headers=disposition)


def number_word(number: int) -> str:
    """Small numbers as words, as sentences have them."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else intcomma(number)
