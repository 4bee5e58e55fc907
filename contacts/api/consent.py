"""An unsubscribe that a tool hears of: POST /api/v1/unsubscribe."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from contacts.api.errors import ApiError
from contacts.api.schemas import ALWAYS, errors
from contacts.domain import consent
from contacts.domain.identity import NotAnAddress, read_address
from contacts.services.consent import purposes
from contacts.services.consent.unsubscribing import unsubscribe_address
from contacts.services.records import storable

router = Router(tags=["consent"])


class Unsubscribe(Schema):
    """Whose mail stops."""

    email: str = Field(max_length=2000, description="The address. It need not belong to a contact yet.")
    occurred_at: datetime | None = Field(default=None, description="When the person said so; now, if absent.")
    purpose: str = Field(
        default="", max_length=40, description="The slug of the one purpose that it is about; all mail, if absent."
    )


class Unsubscribed(Schema):
    """What was recorded."""

    unsubscribed: bool
    new: bool = Field(description="False where it stood already.")


@router.post(
    "/unsubscribe",
    response={200: Unsubscribed, **errors(400, 401, 405, 413, 415, 422, 429, *ALWAYS)},
    summary="Stop mail to an address",
)
def unsubscribe(request: HttpRequest, said: Unsubscribe) -> JsonResponse:
    """Stops mail to the address at once, all of it or that for one purpose.

    Nothing that a tool sends later takes it back.
    """
    caller = request.auth
    try:
        address = read_address(storable(said.email))
    except NotAnAddress as problem:
        raise ApiError(422, "not_an_address", f"This is not an address: {problem}.", {"email": str(problem)}) from None
    if said.purpose and said.purpose not in purposes.names():
        known = ", ".join(purposes.names())
        raise ApiError(422, "unknown_purpose", f"There is no such purpose. There are: {known}.", {"purpose": known})
    when = said.occurred_at
    if when is not None and timezone.is_naive(when):
        when = timezone.make_aware(when)
    new = unsubscribe_address(
        address.key,
        method=consent.SYNC,
        actor=caller.source.name if caller.source else caller.token.source_slug,
        source=caller.token.source_slug,
        shown=address.shown,
        occurred_at=when,
        at=timezone.now(),
        purpose=said.purpose or consent.ALL,
    )
    return JsonResponse({"unsubscribed": True, "new": bool(new)})
