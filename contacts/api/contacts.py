"""Reading the canonical record, for tokens that may read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Query, Router

from contacts.api.callers import must_read
from contacts.api.errors import ApiError
from contacts.api.schemas import ALWAYS, ContactRecord, Explanation, errors
from contacts.domain.fields import FIELDS
from contacts.domain.identity import NotAnAddress, read_address
from contacts.models import Address, Contact
from contacts.services.consent import opt_in_of
from contacts.services.explain import explain_contact
from contacts.services.merged import living_id

router = Router(tags=["contacts"])
READING = errors(401, 403, 404, 405, 429, *ALWAYS)
PLAIN = [f.name for f in FIELDS if f.kept and f.name != "lifecycle_stage"]


@router.get("", response={200: ContactRecord, **READING, **errors(422)}, summary="Find a contact by an address")
def find(request: HttpRequest, email: str = Query(..., description="Any address of the contact.")) -> JsonResponse:
    """The contact that has this address, be it the primary one or an alias. Case and spaces don't matter."""
    must_read(request.auth)
    try:
        key = read_address(email).key
    except NotAnAddress as problem:
        raise ApiError(422, "not_an_address", f"This is not an address: {problem}.", {"email": str(problem)}) from None
    found = Address.objects.filter(key=key).values_list("contact_id", flat=True).first()
    if found is None:
        raise _missing("No contact has this address.", "email")
    return JsonResponse(shown(found))


@router.get("/{int:contact_id}", response={200: ContactRecord, **READING}, summary="One contact")
def one(request: HttpRequest, contact_id: int) -> JsonResponse:
    """The canonical record of one person. The number of one that was merged leads to the one that stayed."""
    must_read(request.auth)
    return JsonResponse(shown(living_id(contact_id)))


@router.get("/{int:contact_id}/explain", response={200: Explanation, **READING}, summary="Where its values come from")
def explain(request: HttpRequest, contact_id: int) -> JsonResponse:
    """Each field's value with who wrote it, under which rule and when, and the values that were refused."""
    must_read(request.auth)
    contact = Contact.objects.filter(pk=living_id(contact_id)).first()
    if contact is None:
        raise _missing("There is no contact of this number.", "id")
    return JsonResponse(explain_contact(contact))


def shown(contact_id: int | None) -> dict[str, Any]:
    """A contact as the API shows it; raises 404."""
    contact = Contact.objects.select_related("source", "owner").filter(pk=contact_id).first()
    if contact is None:
        raise _missing("There is no contact of this number.", "id")
    addresses = contact.addresses.order_by("-primary", "id").values_list("shown", flat=True)
    return {
        "id": contact.pk,
        **{name: getattr(contact, name) for name in PLAIN},
        "lifecycle_stage": contact.lifecycle_stage_id,
        "opt_in": opt_in_of([contact.pk])[contact.pk],
        "addresses": list(addresses),
        "custom": contact.custom,
        "source": contact.source.slug if contact.source else None,
        "owner": contact.owner.get_username() if contact.owner else None,
        "shared_mailbox": contact.shared_mailbox,
        "last_activity": contact.last_activity,
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
        "version": contact.version,
    }


def _missing(message: str, field: str) -> ApiError:
    return ApiError(404, "not_found", message, [field])
