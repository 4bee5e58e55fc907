"""The door for what MAPs tell: ``POST /hooks/CONNECTION``. It keeps events and answers; the work is done later.

What the MAP did not sign is refused and nothing of it is kept. A connection that is paused still listens.
"""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from syncrules.connectors.trouble import BadSignature, Garbled
from syncrules.models import Connection
from syncrules.services.calling import verifier_for
from syncrules.services.map_secrets import NotConfigured
from syncrules.services.sync import inbox

#: Bytes of a webhook. Those of HubSpot hold at most 100 events.
MOST = 5 * 1024**2


@csrf_exempt  # the signature says who sent it
@never_cache
@require_POST
def webhook(request: HttpRequest, slug: str) -> JsonResponse:
    """Events of one connection's MAP: kept, each once, and their records looked at soon."""
    connection = get_object_or_404(Connection.objects.exclude(state=Connection.State.DRAFT), slug=slug)
    body, at = _body(request), timezone.now()
    if body is None:
        return JsonResponse({"error": f"A webhook has at most {MOST:,} bytes."}, status=413)
    try:
        verifier = verifier_for(connection)
        uri, headers = request.build_absolute_uri(), dict(request.headers)
        events = verifier.verify_webhook(request.method or "", uri, headers, body, at)
    except NotConfigured:
        return JsonResponse({"error": "The secret of this connection's webhooks is not there."}, status=503)
    except BadSignature as problem:
        return JsonResponse({"error": str(problem)}, status=401)
    except Garbled as problem:
        inbox.not_understood(connection, body, str(problem), at)
        return JsonResponse({"new": 0})
    return JsonResponse({"new": inbox.receive(connection, events, at)})


def _body(request: HttpRequest) -> bytes | None:
    """The raw body, which is what is signed; None when it is too long."""
    try:
        return request.body if len(request.body) <= MOST else None
    except RequestDataTooBig:
        return None
