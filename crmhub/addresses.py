"""Whose address counts when sign-in attempts are counted."""

from django.http import HttpRequest

LOOPBACK = {"127.0.0.1", "::1"}


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind a proxy on this machine, the one that the proxy itself saw (the last entry).

    Without this every user behind the proxy shares 127.0.0.1, and one attacker locks out all of them.
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return forwarded[:45] if peer in LOOPBACK and forwarded else peer
