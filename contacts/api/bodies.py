"""The body of a request as records: JSON, or what a web form sends."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from contacts.api.errors import ApiError
from contacts.services.records import gathered

MAX_BODY = 2 * 1024**2
MAX_RECORDS = 1_000
#: Deeper JSON than this is no record of a person.
MAX_DEPTH = 50
MAX_FORM_FIELDS = 1_000
#: Numbers with more characters stay text, as they came: no database holds them as numbers.
LONGEST_NUMBER = 17

JSON_TYPES = ("application/json", "text/json")
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


def records_of(request: HttpRequest) -> list[dict[str, Any]]:
    """The records of a request, in order; raises ApiError."""
    kind = request.content_type.lower()
    body = _read(request)
    if kind in JSON_TYPES or kind.endswith("+json"):
        return _from_json(_text(request, body))
    if kind == FORM:
        return [_from_form(_text(request, body))]
    if kind == MULTIPART:
        return [_from_multipart(request, body)]
    what = f"“{kind[:80]}”" if kind else "A body without a Content-Type"
    raise ApiError(415, "unsupported_type", f"{what} is not taken: send {JSON_TYPES[0]}, or a form.", ["Content-Type"])


def _read(request: HttpRequest) -> bytes:
    """The whole body, however its length is announced, and never more of it than the cap."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length[:20]) > MAX_BODY:
        _too_large()
    chunked = not length and request.META.get("wsgi.input_terminated")
    body = (request.META["wsgi.input"] if chunked else request).read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        _too_large()
    return body


def _too_large() -> NoReturn:
    raise ApiError(413, "too_large", f"The body is larger than {MAX_BODY:,} bytes: send fewer records at a time.")


def _bad(message: str, fields: list[Any] | None = None) -> ApiError:
    return ApiError(400, "unreadable", message, fields)


def _text(request: HttpRequest, body: bytes) -> str:
    charset = request.content_params.get("charset", "utf-8").strip("\"' ")
    try:
        text = body.decode("utf-8-sig" if charset.lower() in ("utf-8", "utf8", "") else charset)
    except UnicodeDecodeError as error:
        raise _bad(f"The body is not {charset[:40]}: byte {error.start + 1} can't be read.") from None
    except (LookupError, ValueError):
        raise ApiError(
            415, "unsupported_type", f"The charset “{charset[:40]}” is not known.", ["Content-Type"]
        ) from None
    return text


def _from_json(text: str) -> list[dict[str, Any]]:
    if not text.strip():
        raise _bad("The body is empty: send a JSON object, or a list of them.")
    try:
        sent = json.loads(
            text,
            object_pairs_hook=gathered,
            parse_int=_whole,
            parse_float=_decimal,
            parse_constant=_no_constant,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise _bad(f"The body is no JSON: {error}.") from None
    records = sent if isinstance(sent, list) else [sent]
    _check(records)
    return records


def _check(records: list[Any]) -> None:
    """Refuse what is no list of records; faults inside a record are its own result, not the request's."""
    if not records:
        raise ApiError(422, "empty_list", "The list is empty: there is nothing to do.")
    if len(records) > MAX_RECORDS:
        message = f"The list has {len(records):,} records, more than {MAX_RECORDS:,}: send it in parts."
        raise ApiError(413, "too_many", message)
    wrong = [n for n, record in enumerate(records) if not isinstance(record, dict)]
    if wrong:
        raise _bad("Send a JSON object, or a list of objects; “fields” has the places (from 0).", wrong)
    if any(_depth_above(record.values(), MAX_DEPTH) for record in records):
        raise _too_deep()


def _depth_above(values: Any, most: int) -> bool:
    """Whether values are nested deeper than ``most``."""
    level = [v for v in values if isinstance(v, dict | list)]
    while level and most:
        most -= 1
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def _too_deep() -> ApiError:
    return _bad(f"The JSON is nested deeper than {MAX_DEPTH} levels.")


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= LONGEST_NUMBER else text


def _decimal(text: str) -> float | str:
    return float(text) if len(text) <= LONGEST_NUMBER and abs(float(text)) < 1e15 else text


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value")


def _from_form(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise _bad(f"The form can't be read: it must be UTF-8 with at most {MAX_FORM_FIELDS:,} fields.") from None
    return gathered(_bare(pairs))


def _from_multipart(request: HttpRequest, body: bytes) -> dict[str, Any]:
    meta = {"CONTENT_TYPE": request.META.get("CONTENT_TYPE", ""), "CONTENT_LENGTH": len(body)}
    try:
        posted, files = MultiPartParser(meta, BytesIO(body), [MemoryFileUploadHandler(request)], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation, ValueError):
        raise _bad("The multipart form can't be read.") from None
    pairs = [(key, value) for key, values in posted.lists() for value in values]
    named = [(key, file.name) for key, uploads in files.lists() for file in uploads]
    return gathered(_bare(pairs + named))


def _bare(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Keys without the "[]" that some form tools add."""
    return [(key.removesuffix("[]"), value) for key, value in pairs]


def canonical(records: Any) -> str:
    """The same text for the same content, however its keys were ordered and spaced."""
    return json.dumps(records, sort_keys=True, separators=(",", ":"))
