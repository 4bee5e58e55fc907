"""What the front page shows of connections: what is broken or waits, how each of them stands, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Min
from django.urls import reverse

from contacts.activity import NEWS, News
from contacts.services.beside import Card
from contacts.services.front_parts import Part, Tile
from syncrules.models import ConnectionChange, Push, SyncError, SyncRun
from syncrules.services.shown.causes import CAUSES, OTHER
from syncrules.services.shown.running import running
from syncrules.services.shown.standing import Standing, standings
from syncrules.services.shown.states import did
from syncrules.services.shown.words import clock, many, span

SEE, RUN, SWITCH = "syncrules.view_connection", "syncrules.run_sync", "syncrules.switch_connection"
#: An unsubscribe must be everywhere within this.
CONSENT = timedelta(minutes=15)
Status = SyncRun.Status
#: Stands for the values of errors that are told together.
SOME = "A value"


def part(user: User, now: datetime) -> Part:
    """A fixed number of queries, however many connections there are."""
    if not user.has_perm(SEE):
        return Part()
    found = standings(now)
    if not found:
        return Part()
    tiles = [*_consent(found, user, now), *_stuck(found, user), *_late(found), *_errors(found, user),
             *_paused(found, user), *_runs(found, user)]  # fmt: skip
    return Part(tiles, [Card("hub/front_connections.html", {"standings": found})], _news())


def _page(of: Standing, name: str = "connection") -> str:
    return reverse(f"rules:{name}", args=[of.connection.slug])


def _tile(count: int, what: str, text: str, where: str, act: str, *, late: bool = False) -> Tile:
    """With a button for those who can do something about it, else a link."""
    return Tile(count, what, text, late=late, act=act, address=where if act else "", link="" if act else where)


def _and_more(found: Sequence[Standing]) -> str:
    return f" And {many(len(found) - 1, 'more connection')}." if len(found) > 1 else ""


def _consent(found: Sequence[Standing], user: User, now: datetime) -> list[Tile]:
    """Unsubscribes that a MAP has not confirmed in time; one query."""
    stragglers = Push.objects.filter(priority=Push.Priority.CONSENT, changed_at__lte=now - CONSENT)
    counted = {pk: (n, since) for pk, n, since in stragglers.order_by().values_list("connection").annotate(
        n=Count("pk"), since=Min("changed_at"))}  # fmt: skip
    behind = [of for of in found if of.connection.pk in counted and of.connection.state != "draft"]
    if not behind:
        return []
    first, total = behind[0], sum(counted[of.connection.pk][0] for of in behind)
    waits = span(now - counted[first.connection.pk][1])
    what = "unsubscribe straggler" if total == 1 else "unsubscribe stragglers"
    text = f"{first.connection.name} has not confirmed for {waits}; the limit is {span(CONSENT)}.{_and_more(behind)}"
    where = _page(first, "errors") if first.errors else _page(first)
    return [_tile(total, what, text, where, "See why" if user.has_perm(RUN) else "", late=True)]


def _stuck(found: Sequence[Standing], user: User) -> list[Tile]:
    stuck = [of for of in found if of.state == "stuck"]
    if not stuck:
        return []
    first = stuck[0]
    waits = f" {many(first.changes, 'change waits', 'changes wait')}." if first.changes else ""
    trouble = first.connection.trouble.rstrip(".")
    text = f"{first.connection.name} paused itself: {trouble}.{waits} {first.again.capitalize()}.{_and_more(stuck)}"
    what = "connection fails" if len(stuck) == 1 else "connections fail"
    return [_tile(len(stuck), what, text, _page(first), "See why" if user.has_perm(RUN) else "", late=True)]


def _late(found: Sequence[Standing]) -> list[Tile]:
    """Changes that wait too long although nothing seems to be in the way."""
    late = [of for of in found if of.state == "live" and of.late]
    if not late:
        return []
    first, total = late[0], sum(of.changes for of in late)
    text = f"The oldest has waited {span(first.lag)} for {first.connection.name}; the aim is 2 s.{_and_more(late)}"
    return [_tile(total, "change is late" if total == 1 else "changes are late", text, _page(first), "", late=True)]


def _errors(found: Sequence[Standing], user: User) -> list[Tile]:
    """What only a person can mend; one query."""
    if not any(of.errors for of in found):
        return []
    causes = [cause for cause, said in CAUSES.items() if not said.person]
    rows = SyncError.objects.filter(solved_at__isnull=True).exclude(cause__in=causes).order_by()
    counted = list(rows.values_list("connection", "cause").annotate(n=Count("pk")).order_by("-n", "connection"))
    if not counted:
        return []
    by_pk = {of.connection.pk: of for of in found}
    top, total = by_pk[counted[0][0]], sum(n for *_, n in counted)
    said = CAUSES.get(counted[0][1], OTHER)
    title = (said.plain or said.title).format(map=top.connection.name, value=SOME, field="a property")
    title = title.replace(f"“{SOME}”", SOME)
    text = f"{title}{f': {counted[0][2]:,} of them' if len(counted) > 1 else ''}. Trying again alone won’t mend it."
    what = "sync error" if total == 1 else "sync errors"
    act = ("Look at it" if total == 1 else f"Look at all {total:,}") if user.has_perm(RUN) else ""
    return [_tile(total, what, text, _page(top, "errors"), act)]


def _paused(found: Sequence[Standing], user: User) -> list[Tile]:
    paused = [of for of in found if of.state == "paused"]
    if not paused:
        return []
    first, one = paused[0], paused[0].connection
    waits = f" {many(first.changes, 'change waits', 'changes wait')}." if first.changes else ""
    text = (
        f"{one.state_by} paused {one.name} {clock(one.state_at, first.now)}: {first.reason}.{waits}{_and_more(paused)}"
    )
    what = "connection is paused" if len(paused) == 1 else "connections are paused"
    return [_tile(len(paused), what, text, _page(first), "See it" if user.has_perm(SWITCH) else "")]


def _runs(found: Sequence[Standing], user: User) -> list[Tile]:
    """Full syncs: one at work is shown with its progress, one that was stopped waits for a hand."""
    tiles = []
    for what, wanted in (("at work", False), ("stopped", True)):
        here = [of for of in found if of.run and (of.run.status == Status.STOPPED) == wanted]
        if here:
            tiles.append(_run(here, what, user))
    return tiles


def _run(here: Sequence[Standing], what: str, user: User) -> Tile:
    first, run = here[0], here[0].run
    title = f"full sync {what}" if len(here) == 1 else f"full syncs {what}"
    text = f"{first.connection.name}: {run.get_status_display()}, {run.read:,} records read."  # type: ignore[union-attr]
    if what == "stopped":
        return _tile(len(here), title, text, _page(first), "Go on with it" if user.has_perm(RUN) else "")
    done = running(first, ())
    percent = done.percent if done and done.percent is not None else 0
    return Tile(len(here), title, text, link=_page(first), percent=percent)


def _news() -> list[News]:
    """Full syncs that ended, and connections that somebody turned on, paused or let go on; two queries."""
    runs = SyncRun.objects.filter(status=Status.DONE, finished_at__isnull=False).select_related("connection")
    told = [
        News(run.finished_at, run.started_by_name, f"had all {run.read:,} records read of", run.connection.name,
             reverse("rules:connection", args=[run.connection.slug]))
        for run in runs.order_by("-id")[:NEWS]
    ]  # fmt: skip
    switched = ConnectionChange.objects.filter(what=ConnectionChange.What.STATE).select_related("connection")
    return told + [
        News(c.at, c.by, did(c.after.get("state", "")), c.connection.name,
             reverse("rules:connection", args=[c.connection.slug]))
        for c in switched.order_by("-id")[:NEWS]
    ]  # fmt: skip
