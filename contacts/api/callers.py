"""Who calls: the token, its source, and how many requests it may make."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from math import ceil

from django.http import HttpRequest
from ninja.security import HttpBearer

from contacts.api.errors import ApiError
from contacts.models import Source, SourceToken

#: Requests a minute that one token may make of one process, after a burst of as many. It stops a tool that
#: runs wild; a form's rush (50 a second) and a person's script stay far below.
REQUESTS_A_MINUTE = 12_000


@dataclass(frozen=True)
class Caller:
    """An accepted token and its source. ``registered`` is None for a source nobody registered, or retired."""

    token: SourceToken
    source: Source | None

    @property
    def registered(self) -> Source | None:
        return self.source if self.source is not None and not self.source.retired else None


class BearerToken(HttpBearer):
    """``Authorization: Bearer TOKEN``. The token is looked up by its hash and never logged."""

    def __call__(self, request: HttpRequest) -> Caller:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _unknown("Send a token of your source: Authorization: Bearer TOKEN.")
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        found = SourceToken.objects.filter(digest=SourceToken.digest_of(token), active=True).first()
        if found is None:
            raise _unknown("This token is not known, or was switched off.")
        LIMIT.take(found.pk)
        return Caller(found, Source.objects.filter(slug=found.source_slug).first())


def _unknown(message: str) -> ApiError:
    return ApiError(401, "unauthorized", message, ["Authorization"], {"WWW-Authenticate": 'Bearer realm="CRM Hub"'})


def must_read(caller: Caller) -> None:
    """Refuse a token that may only send."""
    if not caller.token.may_read:
        raise ApiError(403, "may_not_read", "This token may send records but not read contacts.", ["Authorization"])


@dataclass
class Limit:
    """A bucket of requests for each token, filled again evenly; in memory, one for each process."""

    a_minute: int
    buckets: dict[int, tuple[float, float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, token_id: int) -> None:
        """Count one request; raises 429 when the bucket is empty."""
        now = time.monotonic()
        with self.lock:
            left, since = self.buckets.get(token_id, (float(self.a_minute), now))
            left = min(self.a_minute, left + (now - since) * self.a_minute / 60)
            self.buckets[token_id] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            wait = ceil((1 - left) * 60 / self.a_minute)
            message = f"More than {self.a_minute:,} requests a minute with this token: send lists of up to 1,000."
            raise ApiError(429, "too_many_requests", message, headers={"Retry-After": str(wait)})


LIMIT = Limit(REQUESTS_A_MINUTE)
