"""Where others wrote or were shown the person's name or address: the words go, the rows stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, Q

FORGOTTEN = "forgotten"


def forget_words(model: type[Model], columns: Iterable[str], texts: Sequence[str]) -> None:
    """Texts of these columns in which one of ``texts`` stands are blanked, in one statement a column."""
    for column in columns:
        named: Q = reduce(or_, (Q(**{f"{column}__icontains": text}) for text in texts), Q(pk__in=[]))
        model._base_manager.filter(named).update(**{column: FORGOTTEN})


def without(told: Any, ids: Sequence[int], texts: Sequence[str]) -> Any:
    """JSON that was shown or kept, without the person: a list that begins with one of ``ids`` keeps only that, and
    texts in which one of ``texts`` stands are blanked.
    """
    if isinstance(told, dict):
        return {without(key, ids, texts): without(value, ids, texts) for key, value in told.items()}
    if isinstance(told, str):
        return FORGOTTEN if any(text.lower() in told.lower() for text in texts) else told
    if not isinstance(told, list):
        return told
    about = bool(told) and not isinstance(told[0], bool) and told[0] in ids and any(isinstance(x, str) for x in told)
    return [FORGOTTEN if about and isinstance(x, str) else without(x, ids, texts) for x in told]
