"""What every page of ours has in common: who may open it, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def needs(*rights: str) -> Callable[[View], View]:
    """Let in staff who have one of these rights; others are asked to sign in, or told that they may not.

    The names stand on the view as ``rights``, where the page of rights and the access test read them.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            user = request.user
            if not (user.is_authenticated and user.is_active and user.is_staff):
                return redirect_to_login(request.get_full_path(), "admin:login")
            if rights and not any(user.has_perm(right) for right in rights):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.rights = rights  # type: ignore[attr-defined]
        return guarded

    return decorate


def page(
    request: HttpRequest,
    template: str,
    title: str,
    context: dict[str, Any] | None = None,
    *,
    trail: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """A page in the admin's frame. ``trail`` is the path to it: pairs of words and address."""
    frame = admin.site.each_context(request)
    return render(request, template, {**frame, "title": title, "trail": trail or [], **(context or {})}, status=status)
