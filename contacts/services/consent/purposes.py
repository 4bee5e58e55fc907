"""What people are mailed for: the purposes that ops named. Records name them by slug, so a slug stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.text import slugify

from contacts.domain.consent import ALL, NEWS, purpose_words
from contacts.models import Purpose
from contacts.services import story

MAY = "contacts.change_purpose"


class Unusable(ValueError):
    """Why a purpose was not added or taken out of use, in a sentence."""


def names() -> dict[str, str]:
    """Slug to name of the purposes in use, product news first."""
    found = dict(Purpose.objects.filter(in_use=True).values_list("slug", "name"))
    return {NEWS: found.pop(NEWS, purpose_words(NEWS))} | found


def known(slug: str) -> str:
    """The purpose of that slug if it is in use, else product news."""
    return slug if slug in names() else NEWS


def add(name: str, *, user: Any, at: datetime) -> Purpose:
    """A purpose more. One that was taken out of use comes back, with the records that it has."""
    _must(user)
    name = " ".join(name.replace("\x00", "").split())[:80]
    slug = slugify(name)[:40].strip("-")
    if not slug or slug == ALL:
        raise Unusable("Give the purpose a name with letters or digits.")
    given = {"name": name, "added_by_name": story.person_name(user), "added_at": at}
    purpose, made = Purpose.objects.get_or_create(slug=slug, defaults=given)
    if not made and purpose.in_use:
        raise Unusable(f"There is a purpose “{purpose.name}” already.")
    Purpose.objects.filter(pk=slug).update(in_use=True, name=name)
    return purpose


def retire(slug: str, *, user: Any) -> None:
    """Nobody agrees to it any more; what was recorded stays."""
    _must(user)
    if slug == NEWS:
        raise Unusable("Product news stays: what names no purpose is about it.")
    Purpose.objects.filter(pk=slug).update(in_use=False)


def _must(user: Any) -> None:
    if not user.has_perm(MAY):
        raise PermissionDenied
