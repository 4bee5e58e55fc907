"""Two questions a supervisor asks: is the process alive, and can the hub do its work now?"""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crmhub import heartbeat


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Alive: this process answers. It asks nobody else: a broken database must not get the web restarted."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: database, broker and worker, each with its own reason when not."""
    broker = heartbeat.broker_problem()
    problems = {
        "database": database_problem(),
        "broker": broker,
        "worker": "cannot be heard while the broker is away" if broker else heartbeat.worker_problem(),
    }
    reasons = {part: problem for part, problem in problems.items() if problem}
    return JsonResponse(
        {
            "status": "not ready" if reasons else "ready",
            "reasons": reasons,
            "parts": {part: "down" if problem else "up" for part, problem in problems.items()},
        },
        status=503 if reasons else 200,
    )


def database_problem() -> str:
    """Why the database cannot be used; empty when it can. A table is read: a new, empty file also connects.

    The text is ours: the driver's own would show an outsider host and user names.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            cursor.fetchone()
    except DatabaseError as problem:
        return f"database not usable ({type(problem).__name__})"
    return ""
