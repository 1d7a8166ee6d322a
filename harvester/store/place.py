"""Where a home keeps rows, trail and files: in itself, or as its `store.toml` says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harvester.errors import Misconfigured, State
from harvester.store.home import private_folder, unusable, write_private

FILE = "store.toml"
SCHEMES = ("postgresql", "postgres")
S3 = "s3://"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Server(NamedTuple):
    """A schema of a PostgreSQL database; it holds one home, which many machines may share."""

    dsn: str
    """A connection URI without a password."""
    schema: str = "harvester"


class Bucket(NamedTuple):
    """Where files are in an S3-compatible store: a bucket, or what is below a prefix in it."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    """The address of a store that is not Amazon's."""
    region: str = ""
    """Empty is as the environment says."""

    def __str__(self) -> str:
        """Return its address, as it is written down."""
        asked = "&".join(f"{key}={value}" for key in _ASKED if (value := getattr(self, key)))
        path = f"/{self.prefix}" if self.prefix else ""
        return f"{S3}{self.name}{path}" + (f"?{asked}" if asked else "")


_ASKED = ("endpoint", "region")


class Place(NamedTuple):
    """Where a home keeps what it has."""

    database: Path | Server
    trail: Path
    """The file that it is in, or would be without a server: signed checkpoints are beside it."""
    archive: Path | Bucket

    @property
    def server(self) -> Server | None:
        """The database's server; None where it is a file."""
        return None if isinstance(self.database, Path) else self.database


class _Store(BaseModel):
    """What `store.toml` may say; what it leaves out is in the home itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str | None = None
    name: str = Field(default="harvester", alias="schema", pattern="^[a-z_][a-z0-9_]{0,62}$")
    archive: str | None = None


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
    archive = home / "archive" if told.archive is None else files(told.archive)
    if isinstance(archive, Path) and not archive.is_absolute():
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


def files(told: str) -> Path | Bucket:
    """Return where files are to be, a folder or a bucket; Misconfigured where none is meant."""
    if not told.startswith(S3):
        return Path(told).expanduser()
    try:
        parts = urlsplit(told)
        asked = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
        endpoint = urlsplit(asked.get("endpoint", ""))
        _ = endpoint.port  # raises where it is no number
    except ValueError:
        raise no_bucket("is not a URI") from None
    if asked.keys() - set(_ASKED) or parts.fragment:
        raise no_bucket(f"may have no more than {' and '.join(_ASKED)} behind its question mark")
    if "@" in f"{parts.netloc}{endpoint.netloc}":
        raise no_bucket("holds a user or a key, which is not kept in a home")
    steps = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    if not _NAME.fullmatch(parts.netloc) or {"", ".", ".."} & {*steps}:
        raise no_bucket("names no bucket, or no prefix that can be")
    loopback = endpoint.scheme == "http" and endpoint.hostname in _LOOPBACK
    whole = endpoint.netloc and not (endpoint.query or endpoint.fragment)
    if "endpoint" in asked and not (whole and (endpoint.scheme == "https" or loopback)):
        raise no_bucket("has an endpoint that does not begin with https://")
    return Bucket(
        parts.netloc, "/".join(steps), endpoint.geturl().rstrip("/"), asked.get("region", "")
    )


def no_bucket(why: str) -> Misconfigured:
    """Return the refusal of a bucket's address, which is not shown: there may be a key in it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"The address of the bucket {why}; give one such as s3://bucket/prefix, or"
        " 's3://bucket/prefix?endpoint=https://host' of a store that is not Amazon's, to"
        f" `harvester store migrate --archive`, or mend it in the home's {FILE}; credentials are"
        " taken from the environment.",
    )


def no_server(why: str) -> Misconfigured:
    """Return the refusal of a connection URI, which is not shown: there may be a secret in it."""
    return Misconfigured(
        State.HOME_UNUSABLE,
        f"The address of the database {why}; give one such as"
        " postgresql://user@host/database to `harvester store migrate`, or mend it in the home's"
        f" {FILE}.",
    )


def keep(home: Path, database: Path | Server, archive: Path | Bucket) -> None:
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
