"""What has to stand before a connection takes a step (playbook, Steps 1, 4 and 5). Worked out, never ticked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contacts.models import CustomField
from contacts.services import source_audit
from syncrules.domain.cases import OPT_IN
from syncrules.domain.worksheet import Direction, Rule
from syncrules.models import Audit, Connection, Override, Pilot, TwoWayTest, WorksheetVersion
from syncrules.services import audit, calling, changes, checking, threshold_edits
from syncrules.services.going_live.basis import basis_of
from syncrules.services.hub_fields import hub_fields
from syncrules.services.rows import left_out

State = Connection.State
#: An audit of the MAP's duplicates counts for so long.
FRESH = timedelta(days=30)


@dataclass(frozen=True)
class Gate:
    """One thing that has to stand. ``said`` is what stands or what is missing, ``page`` where to mend it."""

    slug: str
    title: str
    good: bool
    said: str
    page: str = ""
    lifted: Override | None = None

    @property
    def stands(self) -> bool:
        """Whether nothing is missing, or two people let it pass."""
        return self.good or self.lifted is not None


@dataclass(frozen=True)
class Around:
    """What the gates look at."""

    connection: Connection
    at: datetime
    basis: str
    in_force: WorksheetVersion | None


def gates(connection: Connection, to: str, at: datetime) -> list[Gate]:
    """Every gate of the way up to this state, the step's own first; overrides count for what is in force now."""
    basis = basis_of(connection)
    in_force = connection.versions.filter(state=WorksheetVersion.State.IN_FORCE).first()
    around = Around(connection, at, basis, in_force)
    lifted = Override.objects.filter(connection=connection, basis=basis, agreed_at__isnull=False, withdrawn_at=None)
    overrides = {override.gate: override for override in lifted}
    found = [make(around) for state in reversed(_UP_TO[to]) for make in BY_STEP[state]]
    return [replace(gate, lifted=None if gate.good else overrides.get(gate.slug)) for gate in found]


def red(connection: Connection, to: str, at: datetime) -> list[Gate]:
    """The gates that are in the way of this step."""
    return [gate for gate in gates(connection, to, at) if not gate.stands]


# --- before testing ---


def sources(around: Around) -> Gate:
    """Every source in use was audited, and no two claim what one alone may (Step 1)."""
    found = source_audit.audit_sources(around.at)
    conflicts, in_use = found.conflicts + len(found.undeclared), len(found.in_use)
    said = f"{found.audited} of {in_use} audited"
    if found.conflicts:
        said += f", {found.conflicts} with a conflict"
    if found.undeclared:
        said += f", {len(found.undeclared)} that nobody registered"
    return Gate("sources", "Sources audited, no conflict", not conflicts and found.audited >= in_use, said, "sources")


def worksheet(around: Around) -> Gate:
    """A version is in force, and the check finds nothing that stops it (Step 4)."""
    title = "Worksheet has no problems"
    if around.in_force is None:
        return Gate("worksheet", title, False, "none is in force: without rules nothing is written", "worksheet")
    where = checking.around(around.connection)
    problems = checking.stopping(checking.check(where, checking.worksheet_of(where, around.in_force)))
    number = around.in_force.number
    if problems:
        rows = ", ".join(sorted({f"row {p.row}" for p in problems if p.row})) or "the worksheet"
        return Gate("worksheet", title, False, f"{len(problems)} in v{number}: {rows}", "worksheet")
    return Gate("worksheet", title, True, f"v{number}, by {around.in_force.forced_by}", "worksheet")


def fields(around: Around) -> Gate:
    """Each field that ops added to the hub has a row, or is left out on purpose ("the data model is final")."""
    title = "Every field mapped or left out"
    rows = set(around.in_force.rows.values_list("hub_field", flat=True)) if around.in_force else set()
    known = rows | set(left_out(around.in_force)["hub"])
    missing = [label for slug, label in CustomField.objects.values_list("slug", "label") if slug not in known]
    if missing:
        return Gate("fields", title, False, f"no row for {', '.join(missing[:3])}", "worksheet")
    return Gate("fields", title, True, f"{len(rows)} mapped, no custom field is forgotten", "worksheet")


def consent(around: Around) -> Gate:
    """The opt-in goes both ways, and an unsubscribe at once ("forgetting consent data")."""
    found = around.in_force.rows.filter(hub_field=OPT_IN).first() if around.in_force else None
    title = "Consent fields mapped"
    if found is None:
        return Gate("consent", title, False, "no row for the opt-in", "worksheet")
    if found.rule != Rule.UNSUBSCRIBE or found.direction != Direction.BOTH:
        said = f"row {found.number} must go both ways, with “Unsubscribe counts on both sides”"
        return Gate("consent", title, False, said, "worksheet")
    return Gate("consent", title, True, f"row {found.number}, both ways", "worksheet")


def thresholds(around: Around) -> Gate:
    """Who takes part and who is a lead can be judged ("syncing unqualified leads")."""
    known, one = hub_fields(), around.connection
    wrong = threshold_edits.problems_of(one, known)
    if wrong:
        return Gate("threshold", "Who takes part is settled", False, next(iter(wrong.values()))[0].text, "threshold")
    both = [changes.threshold_words(tree, known) for tree in (one.takes_part, one.qualifies)]
    return Gate("threshold", "Who takes part is settled", True, f"made there: {both[0]}; leads: {both[1]}", "threshold")


def secrets(around: Around) -> Gate:
    """The MAP can be called."""
    missing = calling.missing(around.connection)
    said = missing or "both are there; the token is not shown"
    return Gate("address", "Address and token", not missing, said, "connection_settings")


# --- before a pilot ---


def duplicates(around: Around) -> Gate:
    """The MAP's own duplicates were counted lately, and are below the target (Step 4)."""
    done = Audit.objects.filter(connection=around.connection, finished_at__isnull=False).order_by("-pk").first()
    title = "Duplicates in the MAP"
    if done is None:
        return Gate("duplicates", title, False, "never audited", "audits")
    target = audit.target()
    title = f"Duplicates in the MAP under {target:g}%"
    after = done.after
    rate = after.percent
    if around.at - done.finished_at > FRESH:
        return Gate("duplicates", title, False, f"{rate}, but audited more than {FRESH.days} days ago", "audits")
    return Gate("duplicates", title, after.met(target), f"{rate} of {done.contacts:,} records", "audits")


def two_way(around: Around) -> Gate:
    """All eight checks passed with just this worksheet, stage table, settings and connector (Step 5)."""
    newest = TwoWayTest.objects.filter(connection=around.connection).order_by("-pk")
    mine = newest.filter(basis=around.basis).exclude(status=TwoWayTest.Status.STOPPED).first()
    number = around.in_force.number if around.in_force else 0
    title, last = f"Eight checks passed on v{number}", newest.first()
    if mine is None:
        said = "never run" if last is None else f"last run on v{last.worksheet}, before what changed since"
        return Gate("two-way-test", title, False, said, "go_live")
    if mine.cleaned_at is None:
        return Gate("two-way-test", title, False, mine.get_status_display(), "go_live")
    bad = [str(check["number"]) for check in mine.checks if not check["passed"]]
    passed = mine.status == TwoWayTest.Status.PASSED
    said = "8 of 8" if passed else f"{8 - len(bad)} of 8; check {', '.join(bad)} fails"
    return Gate("two-way-test", title, passed, said, "go_live")


# --- before live ---


def pilot(around: Around) -> Gate:
    """Real contacts of one source were synced, and nothing went over its limit (Step 5)."""
    mine = Pilot.objects.filter(connection=around.connection, basis=around.basis).order_by("-pk").first()
    if mine is None:
        return Gate("pilot", "Pilot clean", False, "none was run with what is in force now", "go_live")
    good = mine.status == Pilot.Status.CLEAN
    said = f"{mine.size} contacts of {mine.source.name}, {mine.get_status_display()}"
    return Gate("pilot", "Pilot clean", good, said if good or not mine.reason else f"{said}: {mine.reason}", "go_live")


BY_STEP: Mapping[str, tuple[Callable[[Around], Gate], ...]] = {
    State.TESTING: (sources, worksheet, fields, consent, thresholds, secrets),
    State.PILOT: (two_way, duplicates),
    State.LIVE: (pilot,),
}
_UP_TO: Mapping[str, tuple[str, ...]] = {
    State.TESTING: (State.TESTING,),
    State.PILOT: (State.TESTING, State.PILOT),
    State.LIVE: (State.TESTING, State.PILOT, State.LIVE),
}
