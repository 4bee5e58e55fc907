"""The API under /api/v1/, its OpenAPI description and its documentation page."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from ninja import NinjaAPI, Swagger

from contacts.api import arrivals, consent, contacts
from contacts.api.callers import BearerToken
from contacts.api.errors import NOT_FOUND, in_error_format, register

api = NinjaAPI(
    title="CRM Hub",
    version="1",
    description="Send what your tool collects, and read the canonical contacts. Every request needs "
    "`Authorization: Bearer TOKEN`; ops make tokens, one source each.",
    urls_namespace="api",
    auth=BearerToken(),
    docs=Swagger(settings={"defaultModelsExpandDepth": 0, "tryItOutEnabled": False, "validatorUrl": None}),
)
register(api)
api.add_router("", arrivals.router)
api.add_router("", consent.router)
api.add_router("/contacts", contacts.router)


def nothing(request: HttpRequest) -> HttpResponse:
    """Every other address under /api/v1/."""
    return NOT_FOUND.response()


def _views() -> tuple[list[URLPattern], str, str]:
    patterns, app, namespace = api.urls
    for pattern in patterns:
        pattern.callback = in_error_format(pattern.callback)
    return patterns, app, namespace


urlpatterns = [path("", _views()), re_path("", in_error_format(nothing))]
