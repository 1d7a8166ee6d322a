"""Where a home keeps rows, trail and files: in itself, or as its `store.toml` says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harvester.errors import Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private

FILE = "store.toml"
SCHEMES = ("postgresql", "postgres")


class Server(NamedTuple):
    """A schema of a PostgreSQL database; it holds one home, which many machines may share."""

    dsn: str
    """A connection URI without a password."""
    schema: str = "harvester"


class Place(NamedTuple):
    """Where a home keeps what it has."""

    database: Path | Server
    trail: Path
    """The file that it is in, or would be without a server: signed checkpoints are beside it."""
    archive: Path

    @property
    def server(self) -> Server | None:
        """The database's server; None where it is a file."""
        return None if isinstance(self.database, Path) else self.database


class _Store(BaseModel):
    """What `store.toml` may say; what it leaves out is in the home itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str | None = None
    name: str = Field(default="harvester", alias="schema", pattern="^[a-z_][a-z0-9_]{0,62}$")
    archive: Path | None = None


def place(home: Path) -> Place:
    """Return where a home keeps what it has; raises Misconfigured for a wrong `store.toml`."""
    file = home / FILE
    try:
        told = _Store.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        told = _Store()
    except OSError as error:
        raise unusable(file, error.strerror) from error
    except ValidationError as wrong:
        keys = ", ".join(sorted({f"{flaw['loc'][0]}" for flaw in wrong.errors()}))
        raise unusable(file, f"wrong in it: {keys}; it may have {', '.join(_known())}") from None
    except ValueError:  # not TOML, or not even text
        raise unusable(file, "it is not TOML") from None
    database = (
        home / "catalog.sqlite" if told.database is None else server(told.database, told.name)
    )
    archive = told.archive.expanduser() if told.archive else home / "archive"
    if not archive.is_absolute() and told.archive:
        raise unusable(file, f"archive = {archive} is not a whole path")
    return Place(database, home / "trail.jsonl", archive)


def server(dsn: str, schema: str = "harvester") -> Server:
    """Return a server as it may be written down; Misconfigured where it may not."""
    try:
        parts = urlsplit(dsn)
        password = parts.password or any("password" in name for name, _ in parse_qsl(parts.query))
    except ValueError:
        raise no_server("is not a URI") from None
    if parts.scheme not in SCHEMES:
        raise no_server("does not begin with postgresql://")
    if password:
        raise no_server(
            "holds a password, which is not kept in a home: put it into ~/.pgpass or the file that"
            " PGPASSFILE names"
        )
    return Server(dsn, schema)


def no_server(why: str) -> Misconfigured:
    """Return the refusal of a connection URI, which is not shown: there may be a secret in it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"The address of the database {why}; give one such as"
        " postgresql://user@host/database to `harvester store migrate`, or mend it in the home's"
        f" {FILE}.",
    )


def keep(home: Path, database: Path | Server, archive: Path) -> None:
    """Write down where the home keeps what it has, from now on; raises Misconfigured."""
    lines = []
    if isinstance(database, Server):
        lines += [f"database = {_quoted(database.dsn)}", f"schema = {_quoted(database.schema)}"]
    if archive != home / "archive":
        lines += [f"archive = {_quoted(f'{archive}')}"]
    file = home / FILE
    private_folder(home)
    try:
        if lines:
            write_private(file, "".join(f"{line}\n" for line in lines).encode())
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise unusable(file, error.strerror) from error


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _known() -> list[str]:
    return [field.alias or name for name, field in _Store.model_fields.items()]
