"""HubSpot's error answers: one exception that knows its own JSON body."""

from __future__ import annotations

import uuid
from typing import Any


class ApiError(Exception):
    """A request that HubSpot would refuse, with the words and the category it would use."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str = "VALIDATION_ERROR",
        *,
        context: dict[str, list[str]] | None = None,
        errors: list[dict[str, Any]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.context = context or {}
        self.errors = errors or []
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        """The whole answer's body."""
        body: dict[str, Any] = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
        }
        if self.context:
            body["context"] = self.context
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra

    def item(self, trace_id: str | None) -> dict[str, Any]:
        """The error of one input inside a 207; the trace id is how the caller finds that input."""
        context = dict(self.context)
        if trace_id is not None:
            context["objectWriteTraceId"] = [trace_id]
        return {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": context,
            "errors": self.errors,
            "links": {},
        }


def not_found(what: str = "resource not found", ids: list[str] | None = None) -> ApiError:
    """The record is not there (any more)."""
    return ApiError(404, what, "OBJECT_NOT_FOUND", context={"ids": ids} if ids else None)


def conflict(existing_id: int) -> ApiError:
    """The address is taken; the id is only in the message, as at HubSpot (hubspot-api-php #59)."""
    return ApiError(409, f"Contact already exists. Existing ID: {existing_id}", "CONFLICT")
