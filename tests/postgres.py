"""A PostgreSQL server of the tests' own, from the system's packages, on a socket in a folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "harvester"
DATABASE = "harvester"
SETTINGS = "-c listen_addresses= -c fsync=off -c shared_buffers=32MB -c max_connections=200"


class Server:
    """A cluster of one database; `dsn` stays the same when it is stopped and started again."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._running = False
        self.dsn = f"postgresql://{USER}@/{DATABASE}?host={folder}"
        # PostgreSQL refuses to run as root; `nobody` owns nothing else.
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        # Names sort here as people sort them, which is not how Python or SQLite does.
        own = f"--username={USER} --auth=trust --encoding=UTF8 --no-sync --no-instructions"
        order = "--locale-provider=icu --icu-locale=en-US --locale=C"
        self._run("initdb", *own.split(), *order.split(), f"--pgdata={self._data}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = f"{SETTINGS} -c unix_socket_directories={self._folder}"
        log = self._folder / "log"
        self._run("pg_ctl", "start", "-w", "-D", f"{self._data}", "-l", f"{log}", "-o", settings)
        self._running = True

    def stop(self) -> None:
        """Stop it at once, as a power cut would; what was committed stays."""
        if self._running:
            self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", f"{self._data}")
        self._running = False

    def create(self, database: str = DATABASE) -> str:
        """Make an empty database and return its DSN."""
        host = f"--host={self._folder}"
        self._run("createdb", host, f"--username={USER}", "--maintenance-db=postgres", database)
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"


@contextmanager
def server() -> Iterator[Server]:
    """Give a running server with one empty database; stopped and removed at the end.

    The test is skipped, and says why, where PostgreSQL is not installed.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-") as name:  # socket names are short
        found = Server(programs, Path(name))
        found.start()
        try:
            found.create()
            yield found
        finally:
            found.stop()


@contextmanager
def postgres() -> Iterator[str]:
    """Give the DSN of a server's only database, which is empty."""
    with server() as found:
        yield found.dsn


def _programs() -> Path | None:
    """Return the folder of the newest server's programs; Debian keeps them off the path."""
    newest = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None, key=_version)
    on_path = shutil.which("initdb")
    found = newest or (Path(on_path).resolve() if on_path else None)
    return found.parent if found else None


def _version(initdb: Path) -> int:
    return int(initdb.parts[-3])
