"""Duplicate audits in the browser: the rate against its target, the groups, the plan of each, and carrying it out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts import exports
from contacts.admin.pages import needs, page
from contacts.admin.waking import go_to, wake
from contacts.services.story import person_name
from syncrules.models import Audit, AuditGroup, Connection
from syncrules.services import audit
from syncrules.services.audit import plan_file, shown
from syncrules.services.audit.deciding import NotNow
from syncrules.tasks import look_at_audit

VIEW, START, CARRY = "syncrules.view_audit", "syncrules.start_audit", "syncrules.merge_in_map"
#: Who says of records whether they are one person.
DECIDE = (CARRY, "contacts.decide_review")
SEE = "contacts.view_contact"
Status = Audit.Status
ACTIVE = (Status.QUEUED, Status.READING, Status.DUE, Status.MERGING)
EARLIER = 10
#: So many contacts one merge takes.
MOST_MERGED = 5


@needs(VIEW)
@require_GET
def audits(request: HttpRequest) -> HttpResponse:
    """The hub and every MAP with the newest rate."""
    context = {
        "subjects": shown.subjects(),
        "target": audit.target(),
        "may_start": request.user.has_perm(START),
    }
    return page(request, "hub/audits.html", "Duplicates", context)


@needs(VIEW)
@require_GET
def audit_of(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest audit of the hub or of a connection, else where to start one."""
    found = Audit.objects.filter(connection=_subject(slug)).values_list("pk", flat=True).first()
    return redirect("rules:audit", found) if found else redirect("rules:audits")


@needs(START)
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand an audit to a worker; there is never more than one of each."""
    started = audit.start(_subject(slug), person_name(request.user), timezone.now())
    wake(look_at_audit, started.pk)
    return redirect("rules:audit", started.pk)


@needs(VIEW)
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """An audit: how far it is, the rate before and after, and a page of its groups."""
    found = _audit(pk)
    active = found.status in ACTIVE
    if request.htmx:  # type: ignore[attr-defined]
        if not active:
            return go_to(request, request.path)
        return render(request, "hub/audit_part.html", {"audit": found, "percent": _percent(found)})
    earlier = Audit.objects.filter(connection=found.connection, finished_at__isnull=False)
    first = earlier.last()
    groups = shown.groups(found, request.GET.get("state", ""), _number(request.GET.get("from")))
    context: dict[str, Any] = {
        "audit": found,
        "name": _name(found),
        "slug": audit.name_of(found),
        "active": active,
        "percent": _percent(found),
        "before": found.before,
        "after": found.after,
        "met": found.after.met(found.target),
        "first": first if first and first.pk != found.pk else None,
        "earlier": [a for a in earlier[: EARLIER + 1] if a.pk != found.pk][:EARLIER],
        "found": groups,
        **_may(request, found),
    }
    waiting = groups.counts.get("open" if found.connection else "ask", 0)
    context["acts_wait"] = bool(context["may_carry"] and waiting)
    return page(request, "hub/audit.html", _name(found), context, trail=_trail())


def _may(request: HttpRequest, found: Audit) -> dict[str, bool]:
    """What this person may do with this audit now."""
    user = request.user
    return {
        "may_start": user.has_perm(START),
        "may_carry": user.has_perm(CARRY) and found.status in audit.READY,
        "may_stop": user.has_perm(CARRY) and found.status in (Status.DUE, Status.MERGING),
        "may_export": user.has_perm("contacts.export_contact") and found.finished_at is not None,
        "may_see": user.has_perm(SEE),
    }


@needs(VIEW)
@require_GET
def group(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One group: its records side by side, what stays and why, the opt-in, and every step."""
    found = _audit(pk)
    line = shown.one_group(found, number)
    if line is None:
        raise Http404
    decidable = found.connection_id is not None and found.status in audit.READY
    open_now = line.group.state in (AuditGroup.State.ASK, AuditGroup.State.OPEN, AuditGroup.State.FAILED)
    contacts = sorted({e.contact for e in line.members if e.contact})[:MOST_MERGED]
    context = {
        "audit": found,
        "contacts": urlencode([("contact", c) for c in contacts]) if len(contacts) > 1 else "",
        "line": line,
        "group": line.group,
        "fields": shown.fields(found, line),
        "steps": list(line.group.steps.all()),
        "chosen": urlencode([("contact", e.id) for e in line.members[:MOST_MERGED]]),
        "may_decide": decidable and open_now and any(request.user.has_perm(r) for r in DECIDE),
        "may_see": request.user.has_perm(SEE),
        "may_merge": request.user.has_perm("contacts.merge_contact"),
    }
    trail = [*_trail(), (_name(found), reverse("rules:audit", args=[pk]))]
    return page(request, "hub/audit_group.html", f"Group {number}", context, trail=trail)


@needs(*DECIDE)
@require_POST
def decide(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One person, with the record that stays; or different people."""
    chosen = get_object_or_404(AuditGroup, audit=pk, number=number)
    by, at = person_name(request.user), timezone.now()
    master = request.POST.get("master", "")
    try:
        if master:
            audit.decide(chosen.pk, master, by, at)
            messages.success(request, f"#{master} stays. It is merged when the plan is carried out.")
        else:
            audit.leave(chosen.pk, by, at)
            messages.success(request, "Left as they are: later audits know that they are different people.")
    except NotNow as problem:
        messages.error(request, str(problem))
    return redirect("rules:audit_group", pk, number)


@needs(CARRY)
@require_POST
def carry(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the plan to a worker, or go on with it."""
    _audit(pk)
    try:
        audit.go_on(pk, person_name(request.user), timezone.now())
        wake(look_at_audit, pk)
    except NotNow as problem:
        messages.error(request, str(problem))
    return redirect("rules:audit", pk)


@needs(CARRY)
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop after the step under way."""
    _audit(pk)
    if audit.stop(pk):
        messages.success(request, "Stopped. What is merged stays merged; the rest waits.")
    return redirect("rules:audit", pk)


@needs("contacts.export_contact")
@require_GET
def plan(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The plan as a file. It names people, so it takes the right to export them."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    found = _audit(pk)
    answer = StreamingHttpResponse(plan_file.lines(found), content_type=exports.CSV_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="duplicates-{audit.name_of(found)}-{found.pk}.csv"'
    return answer


def _audit(pk: int) -> Audit:
    return get_object_or_404(Audit.objects.select_related("connection"), pk=pk)


def _subject(slug: str) -> Connection | None:
    try:
        return audit.subject(slug)
    except Connection.DoesNotExist:
        raise Http404 from None


def _name(found: Audit) -> str:
    return found.connection.name if found.connection else "The hub"


def _percent(found: Audit) -> int:
    """Of carrying it out: the groups that are done; reading has no end that is known."""
    if found.status not in (Status.DUE, Status.MERGING):
        return 0
    left = found.found.filter(state=AuditGroup.State.OPEN).count()
    return 100 * (found.groups - left) // found.groups if found.groups else 100


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1


def _trail() -> list[tuple[str, Any]]:
    return [("Duplicates", reverse("rules:audits"))]


urlpatterns = [
    path("duplicates/", audits, name="audits"),
    path("duplicates/<slug:slug>/", audit_of, name="audit_of"),
    path("duplicates/<slug:slug>/start/", start, name="audit_start"),
    path("audits/<int:pk>/", one, name="audit"),
    path("audits/<int:pk>/plan.csv", plan, name="audit_plan"),
    path("audits/<int:pk>/carry/", carry, name="audit_carry"),
    path("audits/<int:pk>/stop/", stop, name="audit_stop"),
    path("audits/<int:pk>/groups/<int:number>/", group, name="audit_group"),
    path("audits/<int:pk>/groups/<int:number>/decide/", decide, name="audit_decide"),
]
