"""Every error of the API in its one form: {"error": {"code", "message", "fields"}}."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError
from structlog import get_logger

log = get_logger(__name__)


class ApiError(Exception):
    """A request that is refused. ``fields`` names what is wrong: a list of names, or name to reason."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: list[Any] | dict[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.fields, self.headers = fields or [], headers or {}

    def response(self) -> HttpResponse:
        """The refusal as it is sent."""
        error = {"code": self.code, "message": self.message, "fields": self.fields}
        return JsonResponse({"error": error}, status=self.status, headers=dict(self.headers))


NOT_FOUND = ApiError(404, "not_found", "There is nothing at this address. See /api/v1/docs.")


def register(api: NinjaAPI) -> None:
    """Give the API one handler for each kind of exception."""
    for kind in (ApiError, ValidationError, Http404, SuspiciousOperation, OperationalError, Exception):
        api.add_exception_handler(kind, handle)


def handle(request: HttpRequest, problem: Exception) -> HttpResponse:
    """Any exception as an error response. What nobody expected is logged; the caller reads no internals."""
    if isinstance(problem, ApiError):
        return problem.response()
    if isinstance(problem, Http404):
        return NOT_FOUND.response()
    if isinstance(problem, ValidationError):
        fields = {str(e["loc"][-1]): str(e["msg"]) for e in problem.errors}
        return ApiError(422, "invalid", "The request is not what this address takes.", fields).response()
    if isinstance(problem, SuspiciousOperation):
        return ApiError(400, "bad_request", "The request can't be read.").response()
    log.error("api request failed", path=request.path, exc_info=problem)
    if isinstance(problem, OperationalError):
        busy = "The database is busy or away: nothing was stored. Send it again."
        return ApiError(503, "busy", busy, headers={"Retry-After": "5"}).response()
    return ApiError(500, "internal", "Something went wrong in the hub; nothing was stored.").response()


def in_error_format(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of the API whose "not found" and "method not allowed" have the form of the other errors."""

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = NOT_FOUND.response()
        if response.status_code == 405:
            response = _not_allowed(request.method, response.headers.get("Allow", ""))
        if response.status_code >= 400:
            log.info("api request refused", path=request.path, status=response.status_code)
            response._has_been_logged = True  # Django's own line would show the query, and with it an address
        return response

    answer.csrf_exempt = True  # a token is sent on purpose, never by a browser alone
    return answer


def _not_allowed(method: str, allowed: str) -> HttpResponse:
    message = f"This address does not take {method[:20]}, only {allowed}."
    return ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}).response()
