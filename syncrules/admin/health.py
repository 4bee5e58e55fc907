"""Health in the browser: a kept report with its trends, the samples behind it, the targets, and working out anew."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.validators import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import exports
from contacts.admin.pages import needs, page
from contacts.admin.waking import go_to, wake
from contacts.domain import rules
from contacts.services.story import person_name
from syncrules.domain.charts import Chart, Point, line
from syncrules.domain.scorecard import ATTRIBUTION, DUPLICATES, INCIDENTS, STAGES, TITLES, headline, percent
from syncrules.models import HealthReport, HealthTargets
from syncrules.services import health
from syncrules.services.health import mailing, samples
from syncrules.services.hub_fields import hub_fields
from syncrules.tasks import look_at_health

VIEW, RUN, TARGETS = "syncrules.view_healthreport", "syncrules.run_health", "syncrules.change_targets"
SEE, EXPORT = "contacts.view_contact", "contacts.export_contact"
Status = HealthReport.Status
#: Rows of a sample before "show all"; reports in the choice, and in the list of earlier ones.
FIRST, CHOICE, LISTED = 3, 30, 120
SUBTITLES = {
    DUPLICATES: "the same person twice, by address, then by name and company domain",
    ATTRIBUTION: "recent MQLs, each traced to its first arrival",
    STAGES: "contacts, read live from the MAP",
    INCIDENTS: "from the contacts’ history, not from the sync’s own word",
}


class Scale(NamedTuple):
    """How a figure is drawn: from where to where, whether below the target is good, and how values are written."""

    low: float
    high: float
    below: bool
    write: Callable[[float], str]


SCALES = {
    DUPLICATES: Scale(0.0, 0.05, True, percent),
    ATTRIBUTION: Scale(0.7, 1.0, False, percent),
    STAGES: Scale(0.84, 1.0, False, percent),
    INCIDENTS: Scale(0.0, 2.0, True, lambda value: f"{value:g}"),
}


def chart(name: str, points: list[Point], target: float) -> dict[str, Any]:
    """A figure's trend, ready to be drawn, with its values in words."""
    scale = SCALES[name]
    drawn: Chart = line(points, target, scale.low, scale.high, below=scale.below)
    rows = [{"dot": dot, "shown": scale.write(dot.value)} for dot in drawn.dots]
    ticks = [{"y": tick.y, "shown": scale.write(tick.value)} for tick in drawn.ticks]
    return {"drawn": drawn, "rows": rows, "ticks": ticks, "target": scale.write(target), "title": TITLES[name]}


@needs(VIEW)
@require_GET
def newest(request: HttpRequest) -> HttpResponse:
    """The newest report; before there is one, how to have it made."""
    found = health.report()
    if found is not None:
        return _show(request, found)
    waiting = HealthReport.objects.filter(status__in=(Status.QUEUED, Status.RUNNING)).first()
    if waiting is not None:
        return redirect("rules:health_report", waiting.pk)
    return page(request, "hub/health_none.html", "Health", {"may_run": request.user.has_perm(RUN)})


@needs(VIEW)
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A kept report; while it is worked out, a page that waits for it."""
    found = _report(pk)
    if found.status == Status.DONE:
        return go_to(request, request.path) if request.htmx else _show(request, found)  # type: ignore[attr-defined]
    if request.htmx:  # type: ignore[attr-defined]
        if found.status == Status.FAILED:
            return go_to(request, request.path)
        return render(request, "hub/health_part.html", {"report": found})
    context = {"report": found, "may_run": request.user.has_perm(RUN)}
    return page(request, "hub/health_wait.html", "Health", context, trail=_trail())


def _show(request: HttpRequest, report: HealthReport) -> HttpResponse:
    lines = health.trend(report.finished_at)
    may_see = request.user.has_perm(SEE)
    names = samples.people(report) if may_see else {}
    figures = [_figure(report, name, lines[name], names) for name in TITLES]
    context = {
        "report": report,
        "headline": headline(report.summary[name] for name in TITLES),
        "figures": figures,
        "allowed": _allowed(report),
        "choice": health.reports(CHOICE),
        "seconds": round((report.finished_at - report.started_at).total_seconds()) if report.started_at else 0,
        "may_see": may_see,
        "may_run": request.user.has_perm(RUN),
        "may_target": request.user.has_perm(TARGETS),
        "may_export": request.user.has_perm(EXPORT),
        "may_mail": request.user.has_perm(RUN) and bool(health.recipients()),
    }
    return page(request, "hub/health.html", "Health", context)


def _figure(report: HealthReport, name: str, points: Any, names: dict[int, str]) -> dict[str, Any]:
    kept = report.figures[name]
    rows = [_line(one, names) for one in kept["sample"]]
    good = {ATTRIBUTION: "traced", STAGES: "same"}.get(name)
    if good:
        rows.sort(key=lambda row: row[good])  # what went wrong stands first
    first = points[0] if points else None
    whole = kept["value"] is not None and "so far" not in kept["shown"]
    return {
        **kept, "name": name, "title": TITLES[name], "subtitle": SUBTITLES[name], "rows": rows, "first": rows[:FIRST],
        "rest": rows[FIRST:], "chart": chart(name, points, kept["target"]),
        "percent": percent(kept["value"]) if good and whole else "",
        "bad": kept["passed"] is False and (name != DUPLICATES or (kept["value"] or 0) >= kept["target"]),
        "began": SCALES[name].write(first.value) if first and first.key != report.pk else "",
    }  # fmt: skip


def _line(one: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    moment = parse_datetime(one.get("since") or one.get("at") or "")
    rate = one.get("rate")
    field = one.get("field", "")
    more = {"moment": moment, "who_it_is": names.get(one.get("contact", 0), ""), "label": _label(field)}
    return one | more | ({"percent": f"{rate * 100:.1f}%"} if rate is not None else {})


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _allowed(report: HealthReport) -> list[dict[str, Any]]:
    labels = {name: f.label for name, f in hub_fields().items()}
    return [
        row | {"label": labels.get(row["field"], row["field"]), "words": rules.words(row["rule"])}
        for row in report.figures.get("allowed", ())
    ]


@needs(RUN)
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Have a report worked out now: with today's seed, or one drawn by chance."""
    seed = secrets.randbelow(90_000_000) + 10_000_000 if request.POST.get("seed") == "another" else None
    started = health.start(person_name(request.user), timezone.now(), seed)
    wake(look_at_health, started.pk)
    return redirect("rules:health_report", started.pk)


@needs(VIEW)
@require_GET
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """The samples of a report drawn again, by its seed."""
    report = _report(pk)
    names = samples.people(report) if request.user.has_perm(SEE) else {}
    drawn = [
        {"title": TITLES[name], "same": same, "people": [{"id": i, "name": names.get(i, "")} for i in ids]}
        for name, (ids, same) in samples.drawn_again(report).items()
    ]
    context = {"report": report, "drawn": drawn}
    trail = [*_trail(), (_name(report), reverse("rules:health_report", args=[pk]))]
    return page(request, "hub/health_draw.html", "Drawn again", context, trail=trail)


@needs(EXPORT)
@require_GET
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The samples as a file. It names people, so it takes the right to export them."""
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    answer = StreamingHttpResponse(samples.lines(_report(pk)), content_type=exports.CSV_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="health-{pk}.csv"'
    return answer


@needs(RUN)
@require_POST
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail a report to those who get them."""
    report = _report(pk)
    if report.status != Status.DONE:
        raise Http404
    try:
        messages.success(request, f"Mailed to {', '.join(health.mail(report))}.")
    except mailing.NotSent as problem:
        messages.error(request, str(problem))
    return redirect("rules:health_report", pk)


@needs(VIEW)
@require_GET
def reports(request: HttpRequest) -> HttpResponse:
    """The reports that are kept."""
    found = health.reports(LISTED)
    for row in found:
        row["headline"] = headline(row["summary"][name] for name in TITLES)
        row["figures"] = [row["summary"][name] for name in TITLES]
        row["kind_words"] = HealthReport.Kind(row["kind"]).label
    context = {"reports": found, "titles": TITLES.values(), "most": LISTED}
    return page(request, "hub/health_reports.html", "Reports", context, trail=_trail())


class TargetsForm(forms.ModelForm):
    """The targets, and who gets the reports."""

    class Meta:
        model = HealthTargets
        fields = ["duplicates", "attribution", "stages", "incidents", "mqls", "contacts", "mail_to"]
        widgets = {"mail_to": forms.Textarea({"rows": 3})}

    def clean_mail_to(self) -> str:
        """One address a line."""
        try:
            return "\n".join(mailing.addresses(self.cleaned_data["mail_to"]))
        except ValidationError:
            raise forms.ValidationError("One of the lines is no e-mail address.") from None


@needs(TARGETS)
@require_http_methods(["GET", "POST"])
def targets(request: HttpRequest) -> HttpResponse:
    """What the figures are held against from the next report on; reports keep the targets that they had."""
    form = TargetsForm(request.POST or None, instance=HealthTargets.load())
    if request.method == "POST" and form.is_valid():
        form.instance.changed_by, form.instance.changed_at = person_name(request.user), timezone.now()
        form.save()
        messages.success(request, "The targets are saved. They count from the next report on.")
        return redirect("rules:health")
    return page(request, "hub/health_targets.html", "Targets", {"form": form}, trail=_trail())


def _report(pk: int) -> HealthReport:
    found = health.report(pk)
    if found is None:
        raise Http404
    return found


def _name(report: HealthReport) -> str:
    return f"Day {report.day}" if report.day else f"Report {report.pk}"


def _trail() -> list[tuple[str, str]]:
    return [("Health", reverse("rules:health"))]


urlpatterns = [
    path("health/", newest, name="health"),
    path("health/start/", start, name="health_start"),
    path("health/targets/", targets, name="health_targets"),
    path("health/reports/", reports, name="health_reports"),
    path("health/reports/<int:pk>/", one, name="health_report"),
    path("health/reports/<int:pk>/draw/", draw, name="health_draw"),
    path("health/reports/<int:pk>/mail/", mail, name="health_mail"),
    path("health/reports/<int:pk>/samples.csv", export, name="health_samples"),
]
