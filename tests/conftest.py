"""What every test may need: the browser that was found, a server of its own, a coroutine run."""

from __future__ import annotations

import asyncio
import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from buckets import ENVIRONMENT, S3, serving
from postgres import Server as PostgresServer
from postgres import postgres
from postgres import server as postgres_cluster
from pydantic import SecretStr

from harvester.browser import provide
from harvester.store.place import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

T = TypeVar("T")
SCHEMAS = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks, and leave the system's own keyring alone."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    config.addinivalue_line("markers", "install: downloads a browser; skipped when offline")


def run_async(coro: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own.

    The main thread's loop belongs to pytest-playwright once a test has asked for a page.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coro).result()


def apart(call: Callable[..., T], *arguments: Any) -> T:
    """Call in a thread of its own what runs a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call, *arguments).result()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Let pytest-playwright start the Chromium that the program itself would start."""
    headed = browser_type_launch_args.get("headless") is False
    return {
        **browser_type_launch_args,
        "executable_path": provide(headed=headed),
        "chromium_sandbox": os.geteuid() != 0,
    }


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """Start one PostgreSQL for all tests of a process."""
    with postgres() as found:
        yield found


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL that the tests of a module may stop."""
    with postgres_cluster() as found:
        yield found


@pytest.fixture
def fresh(postgres_server: PostgresServer) -> SecretStr:
    """Return the DSN of a database of its own."""
    return SecretStr(postgres_server.create(f"fresh_{next(SCHEMAS)}"))


@pytest.fixture
def schema(dsn: str) -> Server:
    """Name a schema that there is not yet."""
    return Server(dsn, f"home_{next(SCHEMAS)}")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """Start one S3-compatible store for all tests of a process."""
    with serving() as found:
        yield found


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Give the store, and credentials for it in the environment."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return s3_server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Server:
    """Give an empty place for the rows of a home, on each database that there may be."""
    if request.param == "sqlite":
        return tmp_path / "home" / "catalog.sqlite"
    server: Server = request.getfixturevalue("schema")
    importlib.import_module("harvester.store.postgres").make(server)
    return server
