"""The front page: what waits, and what came in.

Each part is one or two queries; what a person may not see is not asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone

from contacts.activity import last_days, newest, recent
from contacts.admin.list_pages import number_word
from contacts.admin.pages import needs, page
from contacts.models import Arrival, HubSettings, ImportBatch, Review
from contacts.services import front_parts
from contacts.services.front_parts import Tile
from contacts.services.review import queue
from contacts.services.source_audit import conflicts

#: An import that failed or stopped longer ago than this waits for nobody.
FORGOTTEN_AFTER = timedelta(days=14)
MOST_IMPORTS = 20
#: Longer waits than these hours are told in days.
IN_DAYS = 96


def waiting(user: User, now: datetime) -> list[Tile]:
    """The things that wait. The acts are those that this person may do."""
    tiles: list[Tile] = []
    if user.has_perm("contacts.view_review"):
        tiles += _reviews(user, now)
    if user.has_perm("contacts.view_source"):
        tiles += _undeclared(user) + _conflicts(user, now)
    if user.has_perm("contacts.view_importbatch"):
        tiles += _imports(user, now)
    return tiles


def _reviews(user: User, now: datetime) -> list[Tile]:
    found, may = queue.by_kind(now), user.has_perm("contacts.decide_review")
    tiles = []
    if Review.Kind.HOLD in found:
        tiles.append(_held(found[Review.Kind.HOLD], user, now, may))
    if Review.Kind.PAIR in found:
        tiles.append(_pairs(found[Review.Kind.PAIR], user, now, may))
    if Review.Kind.MAILBOX in found:
        count = found[Review.Kind.MAILBOX].count
        what = "address seems to be shared" if count == 1 else "addresses seem to be shared"
        text = "People with nothing in common write from one mailbox."
        tiles.append(_tile(count, what, text, Review.Kind.MAILBOX, user, now, may))
    if Review.Kind.GONE in found:
        count = found[Review.Kind.GONE].count
        what = "record was deleted in a MAP" if count == 1 else "records were deleted in a MAP"
        text = "The contacts stay here, and are not made there again."
        tiles.append(_tile(count, what, text, Review.Kind.GONE, user, now, may))
    return tiles


def _held(waiting: queue.Waiting, user: User, now: datetime, may: bool) -> Tile:
    aim, count = HubSettings.load().review_aim_hours, waiting.count
    text = f"{'It' if count == 1 else 'The oldest'} waits {_waits(waiting.since, now)}; the aim is under {aim} h."
    taken = queue.count_taken(now)
    more = [f"{waiting.late:,} late" if waiting.late and count > 1 else "", f"{taken:,} taken" if taken else ""]
    text += f" {', '.join(filter(None, more)).capitalize()}." if any(more) else ""
    what = "held arrival" if count == 1 else "held arrivals"
    tile = _tile(count, what, text, Review.Kind.HOLD, user, now, may)
    tile.late = waiting.late > 0
    if tile.act:
        tile.act, tile.key, tile.main = "Review the next one", "R", True
    return tile


def _pairs(waiting: queue.Waiting, user: User, now: datetime, may: bool) -> Tile:
    what = "likely duplicate" if waiting.count == 1 else "likely duplicates"
    text = f"Contacts that look like one person. {'It' if waiting.count == 1 else 'The oldest'} waits "
    return _tile(waiting.count, what, f"{text}{_waits(waiting.since, now)}.", Review.Kind.PAIR, user, now, may)


def _tile(count: int, what: str, text: str, kind: str, user: User, now: datetime, may: bool) -> Tile:
    """A kind of case, and the way to the one of it that matters most, or to the list for those who only read."""
    listed = f"{reverse('hub:reviews')}?kind={kind}"
    first = queue.following(queue.waiting(now).filter(kind=kind), None, user, now) if may else None
    if first is None:
        return Tile(count, what, text, link=listed)
    act = "Look at it" if count == 1 else "Look at the first one"
    return Tile(count, what, text, act=act, address=reverse("hub:review", args=[first]))


def _waits(since: datetime, now: datetime) -> str:
    hours = int((now - since).total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= IN_DAYS else f"{hours} h" if hours else "less than an hour"


def _undeclared(user: User) -> list[Tile]:
    slugs = Arrival.objects.filter(outcome="").values("source_slug")
    counted = slugs.annotate(count=Count("*"), since=Min("received_at"))
    found = list(counted.order_by("-count", "source_slug"))
    if not found:
        return []
    first, more = found[0], len(found) - 1
    records = "1 record" if first["count"] == 1 else f"{first['count']:,} records"
    text = f"“{first['source_slug']}” sent {records} since {timezone.localtime(first['since']):%-d %B}"
    text += f", and {more} more." if more else ". Kept until it is registered."
    what = "undeclared source" if not more else "undeclared sources"
    if user.has_perm("contacts.register_source"):
        act = "Register it" if not more else f"Register all {len(found)}"
        return [Tile(len(found), what, text, act=act, address=reverse("hub:sources"))]
    return [Tile(len(found), what, text, link=f"{reverse('hub:arrivals')}?undeclared=all")]


def _conflicts(user: User, now: datetime) -> list[Tile]:
    found = conflicts(now)
    if not found:
        return []
    what = "source conflict" if len(found) == 1 else "source conflicts"
    may = user.has_perm("contacts.change_source")
    where = reverse("hub:sources")
    act = ("Look at it" if len(found) == 1 else f"Look at all {len(found)}") if may else ""
    return [Tile(len(found), what, found[0].text, act=act, address=where, link="" if may else where)]


def _imports(user: User, now: datetime) -> list[Tile]:
    """Imports that run are one tile; those that need a hand are another."""
    status = ImportBatch.Status
    running = [status.CHECKING, status.QUEUED, status.RUNNING]
    own = Q(status__in=[status.MATCHING, status.CHECKED], created_by=user)
    open_ones = Q(status__in=[*running, status.STOPPED, status.FAILED]) | own
    recent_ones = Q(status__in=running) | Q(created_at__gte=now - FORGOTTEN_AFTER)
    shown = ("filename", "status", "rows", "done", "checked", "problem")
    batches = list(ImportBatch.objects.filter(open_ones, recent_ones).only(*shown)[:MOST_IMPORTS])
    work = [b for b in batches if b.active]
    hand = [b for b in batches if not b.active]
    return ([_running(work)] if work else []) + ([_to_mend(hand, user)] if hand else [])


def _running(batches: list[ImportBatch]) -> Tile:
    rows = sum(b.rows for b in batches)
    done = sum(b.checked if b.status == ImportBatch.Status.CHECKING else b.done for b in batches)
    percent = 100 * done // rows if rows else 0
    first = batches[0]
    if len(batches) == 1:
        text, where = (
            f"{first.filename}: {first.get_status_display()}.",
            reverse("hub:import", args=[first.pk]),
        )
        return Tile(1, "import at work", text, link=where, percent=percent)
    text = f"{done:,} of {rows:,} rows are done."
    return Tile(len(batches), "imports at work", text, link=reverse("hub:imports"), percent=percent)


def _to_mend(batches: list[ImportBatch], user: User) -> Tile:
    first = batches[0]
    said = {
        ImportBatch.Status.STOPPED: f"stopped after {first.done:,} of {first.rows:,} rows",
        ImportBatch.Status.FAILED: "failed" + (f": {first.problem}" if first.problem else ""),
        ImportBatch.Status.MATCHING: "waits for its columns",
        ImportBatch.Status.CHECKED: "was checked and waits for your word",
    }[ImportBatch.Status(first.status)]
    what = "import that needs a hand" if len(batches) == 1 else "imports that need a hand"
    where = reverse("hub:import", args=[first.pk]) if len(batches) == 1 else reverse("hub:imports")
    may = user.has_perm("contacts.upload_file")
    act = ("Go on with it" if len(batches) == 1 else "See them") if may else ""
    text = f"{first.filename} {said.rstrip('.')}."
    return Tile(len(batches), what, text, act=act, address=where, link="" if may else where)


def summary(tiles: list[Tile]) -> str:
    """ "Four things wait for you, and one of them is late." Work that runs by itself waits for nobody."""
    things = [tile for tile in tiles if tile.percent is None]
    if not things:
        return "Nothing waits for you."
    whom = " for you" if any(tile.act for tile in things) else ""
    words = f"{number_word(len(things)).capitalize()} thing{' waits' if len(things) == 1 else 's wait'}{whom}"
    if not any(tile.late for tile in things):
        return f"{words}."
    late = sum(tile.late for tile in things)
    if late == 1:
        return f"{words}, and {'it' if len(things) == 1 else 'one of them'} is late."
    return f"{words}, and {number_word(late)} of them are late."


def greeting(user: User, now: datetime) -> str:
    """By the time of day."""
    hour = timezone.localtime(now).hour
    time = "morning" if 4 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {time}, {user.first_name or user.get_username()}"


@needs()
def front(request: HttpRequest) -> HttpResponse:
    """The page that everybody starts on."""
    now = timezone.now()
    user = request.user
    parts = front_parts.parts(user, now)
    tiles = [tile for part in parts for tile in part.tiles] + waiting(user, now)
    tiles.sort(key=lambda tile: (not tile.late, tile.percent is not None))  # the late first, running work last
    context: dict[str, Any] = {
        "greeting": greeting(user, now),
        "now": now,
        "tiles": tiles,
        "summary": summary(tiles),
        "cards": [card for part in parts for card in part.cards],
        "news": newest([*recent(user, now), *(item for part in parts for item in part.news)]),
    }
    if user.has_perm("contacts.view_arrival"):
        context["days"] = last_days(now)
    return page(request, "hub/front.html", "Front page", context)


urlpatterns = [path("", front, name="front")]
