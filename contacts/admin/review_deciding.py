"""Deciding a case by a button or a key, and taking a decision back: one call each, then on to the next case."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from contacts.admin.pages import needs
from contacts.admin.review_asking import case_address, filters_of, forget_done, note_done, queue_address
from contacts.admin.review_case import DECIDE, show
from contacts.models import Review
from contacts.orders import read_id
from contacts.services import review
from contacts.services.review import claims, queue

PICK = "pick."


@needs(DECIDE)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a decision and open the next case; one that was decided meanwhile says by whom."""
    get_object_or_404(Review, pk=pk)
    filters, now = filters_of(request), timezone.now()
    try:
        case = _decide(request, pk)
    except review.AlreadyDecided as error:
        messages.warning(request, f"{error} Your decision was not stored.")
        return redirect(case_address(pk, filters))
    except review.Refused as error:
        return _again(request, pk, error)
    note_done(request, case)
    spot = queue.Spot(case.due_at or case.opened_at, pk)
    following = queue.following(queue.filtered(filters, request.user, now), spot, request.user, now)
    if following is None:
        claims.give_back(request.user)
        return redirect(queue_address(filters))
    return redirect(case_address(following, filters))


def _again(request: HttpRequest, pk: int, error: review.Refused) -> HttpResponse:
    """The case as it is now, with the reason, and with what was typed and picked."""
    news = error.news if isinstance(error, review.Changed) else ()
    now = timezone.now()
    claims.take(pk, request.user, now)
    said = {
        "news": news,
        "problem": "" if news else str(error),
        "note": request.POST.get("note", "")[:300],
        "chosen": read_id(request.POST.get("candidate", "")),
    }
    try:
        return show(request, pk, now, picks={} if news else _picks(request), **said)
    except review.Refused:  # it was a pick that is not possible
        return show(request, pk, now, **said)


def _picks(request: HttpRequest) -> dict[str, str]:
    """Field to the value that was picked for it."""
    return {name.removeprefix(PICK): key for name, key in request.POST.items() if name.startswith(PICK)}


def _decide(request: HttpRequest, pk: int) -> Review:
    user: Any = request.user
    posted, act = request.POST, request.POST.get("act")
    given = {"user": user, "at": timezone.now()}
    basis = posted.get("basis", "")[:2000] or "nothing"  # who saw nothing decides nothing
    if act == "same":
        chosen = read_id(posted.get("candidate", ""))
        if chosen is None:
            raise review.Refused("Choose the contact that it is.")
        return review.decide_same(pk, chosen, picks=_picks(request), basis=basis, **given)
    if act == "different":
        return review.decide_different(pk, basis=basis, **given)
    if act == "not_a_lead":
        return review.decide_not_a_lead(pk, note=posted.get("note", ""), basis=basis, **given)
    if act == "seen":
        return review.mark_seen(pk, basis=basis, **given)
    if act == "later":
        return review.put_off(pk, **given)
    raise PermissionDenied


@needs(DECIDE)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back and open its case again; where that can't be done, say what to do instead."""
    get_object_or_404(Review, pk=pk)
    filters = filters_of(request)
    forget_done(request, pk)
    try:
        case = review.take_back(pk, user=request.user, at=timezone.now())
    except review.Refused as error:
        messages.error(request, str(error))
        here = read_id(request.POST.get("here", ""))
        return redirect(case_address(here, filters) if here else queue_address(filters))
    messages.success(request, f"Case {case.pk} is open again. Everything is as it was before its decision.")
    return redirect(case_address(case.pk, filters))


urlpatterns = [
    path("review/<int:pk>/decide/", decide, name="review_decide"),
    path("review/<int:pk>/undo/", undo, name="review_undo"),
]
