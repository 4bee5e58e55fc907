"""The MAPs that every connector's tests run against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .benches import Bench, MemoryBench, SandboxBench, sandbox_process

#: A new connector joins here: a name, and what makes its bench from pytest's request.
BENCHES: dict[str, Callable[[pytest.FixtureRequest], Bench]] = {
    "hubspot": lambda request: request.getfixturevalue("hubspot_bench"),
    "memory": lambda _: MemoryBench(),
    "memory with new ids": lambda _: MemoryBench(renumbers=True),
}


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One sandbox MAP without limits for all tests of a run; each begins with an empty one."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox"), "--limit", "0") as url:
        yield url


@pytest.fixture
def hubspot_bench(sandbox_url: str) -> Iterator[SandboxBench]:
    """An empty, well-behaved sandbox with HubSpot's connector before it."""
    bench = SandboxBench(sandbox_url)
    yield bench
    bench.connector.close()
    bench.http.close()


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each MAP in turn."""
    return BENCHES[request.param](request)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For a sandbox of a test's own."""
    return tmp_path / "map"
