"""The door for records: POST /api/v1/arrivals."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from ninja import Router

from contacts.api.bodies import records_of
from contacts.api.callers import Caller
from contacts.api.delivery import deliver
from contacts.api.errors import ApiError
from contacts.api.schemas import ALWAYS, ARRIVALS, Results, Whoami, errors

router = Router(tags=["arrivals"])
LONGEST_KEY = 200


@router.post(
    "/arrivals",
    response={200: Results, **errors(400, 401, 405, 413, 415, 422, 429, *ALWAYS)},
    openapi_extra=ARRIVALS,
    summary="Send records",
)
def arrivals(request: HttpRequest) -> JsonResponse:
    """One record or a list of up to 1,000; each gets one outcome, in the order sent.

    A record that can't be used is a result with the outcome "rejected"; the others are done all the same.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        raise ApiError(422, "invalid", f"The key is longer than {LONGEST_KEY} characters.", ["Idempotency-Key"])
    return JsonResponse({"results": deliver(request.auth, records_of(request), key)})


@router.get("/whoami", response={200: Whoami, **errors(401, 405, 429, *ALWAYS)}, summary="Try the token")
def whoami(request: HttpRequest) -> JsonResponse:
    """Whose token this is, and whether what it sends is decided at once."""
    caller: Caller = request.auth
    return JsonResponse(
        {
            "source": caller.token.source_slug,
            "name": caller.source.name if caller.source else None,
            "registered": caller.registered is not None,
            "may_read": caller.token.may_read,
            "label": caller.token.label,
        }
    )
