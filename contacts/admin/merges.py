"""Merging in the browser: contacts side by side before it is done, and each merge with the way back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.admin.contact_writing import number
from contacts.admin.pages import needs, page
from contacts.models import Contact, Merge
from contacts.services import merging, story
from contacts.services.explain import find_contact
from contacts.services.merged import living_ids
from contacts.services.merging.parting import in_the_way
from contacts.services.merging.words import counted, label_of, listed, part_rows, verdict_rows

MERGE, UNMERGE, SEE = "contacts.merge_contact", "contacts.unmerge_contact", "contacts.view_merge"
PAGE = 50
PICK, SEEN, PLACE = "pick-", "version-", "place-"


@needs(MERGE)
@require_http_methods(["GET", "POST"])
def merge_new(request: HttpRequest) -> HttpResponse:
    """The chosen contacts side by side, with what a merge would make of them; or the merge itself."""
    given = request.POST if request.method == "POST" else request.GET
    ids = _chosen(request, given)
    try:
        kept = _kept(given, ids)
        if request.method == "POST":
            return _merge(request, kept, [i for i in ids if i != kept])
        preview = merging.preview(kept, [i for i in ids if i != kept], _picks(given), user=request.user)
    except merging.ChangedMeanwhile as error:
        messages.warning(request, str(error))
        return redirect(f"{reverse('hub:merge')}?{_address(ids, _kept(given, ids))}")
    except merging.MergeRefused as error:
        return _not_yet(request, ids, str(error))
    return page(request, "hub/merge.html", "Merge contacts", _side_by_side(ids, preview), trail=_contacts())


def _chosen(request: HttpRequest, given: QueryDict) -> list[int]:
    """The contacts that are chosen, where they are today, and the one that is added by number or address."""
    numbers = [n for text in given.getlist("contact") if (n := number(text)) is not None]
    if text := given.get("add", "").strip():
        found = find_contact(text)
        if found is None:
            messages.error(request, f"There is no contact “{text[:120]}”.")
        else:
            numbers.append(found.pk)
    # What is looked at is found by old numbers too; what is merged must still be what was looked at.
    homes = living_ids(numbers) if request.method == "GET" else {}
    return list(dict.fromkeys(homes.get(n, n) for n in numbers))


def _kept(given: QueryDict, ids: list[int]) -> int:
    """The one that the person keeps, else the most complete."""
    asked = number(given.get("kept", ""))
    if asked in ids:
        return asked
    return merging.propose(ids) if len(ids) > 1 else next(iter(ids), 0)


def _picks(given: QueryDict) -> dict[str, int]:
    picked = {name.removeprefix(PICK): number(value) for name, value in given.items() if name.startswith(PICK)}
    return {name: ident for name, ident in picked.items() if ident is not None}


def _merge(request: HttpRequest, kept: int, lost: list[int]) -> HttpResponse:
    given = request.POST
    seen = {i: version for i in (kept, *lost) if (version := number(given.get(f"{SEEN}{i}", ""))) is not None}
    done = merging.merge(kept, lost, picks=_picks(given), user=request.user, at=timezone.now(), versions=seen)
    gone = listed([f"{m.lost_name} (#{m.lost_id})" for m in done])
    said = f"Merged: {gone} {'is' if len(done) == 1 else 'are'} part of this contact now."
    messages.success(request, said)
    return redirect("hub:contact", kept)


def _side_by_side(ids: list[int], preview: merging.Preview) -> dict[str, Any]:
    """What the page shows of a preview, with the addresses that swap the kept one or take one out."""
    columns = [
        {
            "column": column,
            "keep": f"?{_address(ids, column.id)}",
            "without": f"?{_address([i for i in ids if i != column.id], preview.kept_id)}" if len(ids) > 2 else "",
        }
        for column in preview.columns
    ]
    return {
        "preview": preview,
        "columns": columns,
        "ids": ids,
        "fills": sum(line.sign == "fill" for line in preview.lines),
        "moves": listed(preview.moves),
        "given_up": preview.conflicts,
        "room": len(ids) < 5,
    }


def _address(ids: list[int], kept: int) -> str:
    return urlencode([("contact", i) for i in ids] + [("kept", kept)])


def _not_yet(request: HttpRequest, ids: list[int], why: str) -> HttpResponse:
    """Too few, too many, or gone: say so, and let the person add or take out."""
    found = Contact.objects.in_bulk(ids)
    chosen = [(found[i], f"?{_address([n for n in ids if n != i], 0)}") for i in ids if i in found]
    why = why if chosen else "Choose two to five contacts that are one person."
    context = {"chosen": chosen, "why": why, "room": len(chosen) < 5, "asked": len(chosen) < 2}
    return page(request, "hub/merge_choose.html", "Merge contacts", context, trail=_contacts())


@needs(SEE)
@require_GET
def merge_list(request: HttpRequest) -> HttpResponse:
    """Every merge, the newest first; of one contact if the address names one."""
    merges = Merge.objects.defer("before", "after", "moved", "verdicts").order_by("-pk")
    contact, before = number(request.GET.get("contact", "")), number(request.GET.get("before", ""))
    if contact is not None:
        merges = merges.filter(kept_id=contact)
    shown = list((merges.filter(pk__lt=before) if before is not None else merges)[: PAGE + 1])
    kept = Contact.objects.only("first_name", "last_name", "email", "phone").in_bulk({m.kept_id for m in shown})
    rows = [(merge, kept.get(merge.kept_id)) for merge in shown[:PAGE]]
    context = {
        "rows": rows,
        "older": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        "newest": before is None,
        "contact": contact,
    }
    return page(request, "hub/merges.html", "Merges", context)


@needs(SEE)
@require_GET
def merge_show(request: HttpRequest, pk: int) -> HttpResponse:
    """One merge: what it made of the two, and what taking it back would do now."""
    merge = Merge.objects.filter(pk=pk).first()
    if merge is None:
        return page(request, "hub/merge_missing.html", f"No merge {pk}", {"pk": pk}, trail=_merges(), status=404)
    names = story.load_names()
    context = {
        "merge": merge,
        "rows": verdict_rows(merge, names),
        "moved": listed(counted(merging.moved(merge))),
        "kept": Contact.objects.filter(pk=merge.kept_id).first(),
        "may_take_back": request.user.has_perm(UNMERGE),
        "unplaced": [(label_of(name, names), value, side) for name, value, side in merge.unplaced],
        **_way_back(merge, names),
    }
    return page(request, "hub/merge_show.html", f"Merge {pk}", context, trail=_merges())


def _way_back(merge: Merge, names: story.Names) -> dict[str, Any]:
    if merge.undone_at:
        return {}
    try:
        plan = merging.plan_unmerge(merge.pk)
    except merging.MergeRefused as error:
        return {"refused": str(error), "blockers": in_the_way(merge)}
    return {
        "plan": plan,
        "parts": part_rows(plan, names),
        "back": listed(counted(plan.counts)),
        "gone": [(names.label(name), value) for name, value in plan.gone.items()],
    }


@needs(UNMERGE)
@require_POST
def merge_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back, each new thing to the side that the person says."""
    place = {n.removeprefix(PLACE): v for n, v in request.POST.items() if n.startswith(PLACE)}
    try:
        merge = merging.unmerge(pk, place=place, user=request.user, at=timezone.now())
    except merging.MergeRefused as error:
        messages.error(request, str(error))
        return redirect("hub:merge_show", pk)
    said = 'Taken back: <a href="{}">{} (#{})</a> is a contact of its own again. Nobody asks about these two any more.'
    address = reverse("hub:contact", args=[merge.lost_id])
    messages.success(request, format_html(said, address, merge.lost_name, merge.lost_id))
    return redirect("hub:merge_show", pk)


def _contacts() -> list[tuple[str, str]]:
    return [("Contacts", reverse("hub:contacts"))]


def _merges() -> list[tuple[str, str]]:
    return [("Merges", reverse("hub:merges"))]


urlpatterns = [
    path("merges/", merge_list, name="merges"),
    path("merges/new/", merge_new, name="merge"),
    path("merges/<int:pk>/", merge_show, name="merge_show"),
    path("merges/<int:pk>/back/", merge_back, name="merge_back"),
]
