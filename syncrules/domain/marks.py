"""Addresses of two-way tests: marked, so that everybody knows them, and such that no mail can reach them.

Names below example.com are kept for examples and have no mail servers (RFC 2606, section 3).
"""

from __future__ import annotations

#: Each connection's test addresses are below a name of its own, so that no other connection is told of them.
DOMAIN = "two-way-test.example.com"


def domain_of(connection: str) -> str:
    """Where the test addresses of a connection are, by its slug."""
    return f"{connection}.{DOMAIN}"


def address(mark: str, name: str, connection: str) -> str:
    """One address of the test with this mark."""
    return f"{mark}-{name}@{domain_of(connection)}"


def is_marked(text: str) -> bool:
    """Whether an address belongs to some two-way test."""
    return text.lower().endswith(f".{DOMAIN}")


def is_anothers(text: str, connection: str) -> bool:
    """Whether an address belongs to the two-way test of another connection, which must not be told of it."""
    return is_marked(text) and not text.lower().endswith(f"@{domain_of(connection)}")
