"""A tape as a folder that a person can read and compare: one TOML, exchanges, bodies, expected."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harvester.errors import Misconfigured, State
from harvester.exchange import Reply
from harvester.tape.matching import Key
from harvester.tape.tape import VERSION, About, Exchange, Tape

ABOUT, EXCHANGES, BODIES, EXPECTED = "tape.toml", "exchanges.jsonl", "bodies", "expected.json"

_MOMENTS = {"recorded_at", "today", "start"}
_HERE = Path(__file__).parent
_SUFFIXES = {
    "application/json": "json",
    "application/pdf": "pdf",
    "application/javascript": "js",
    "text/javascript": "js",
    "text/css": "css",
    "text/html": "html",
}


def shipped() -> Path:
    """Return the folder of recordings that comes with a checkout."""
    return _HERE.parent.parent / "recordings"


def find(names: Iterable[str], places: Iterable[Path]) -> dict[str, Path]:
    """Return tapes by name, as profile/scenario; Misconfigured where a name is none of them.

    A scenario alone is a name too where only one has it; no names at all mean every tape.
    """
    places = list(places)
    known = {
        f"{file.parent.parent.name}/{file.parent.name}": file.parent
        for place in reversed(places)
        for file in sorted(place.glob(f"*/*/{ABOUT}"))
    }
    found = {}
    for name in names:
        fitting = [one for one in known if name in {one, one.partition("/")[2]}]
        if len(fitting) != 1:
            raise Misconfigured(
                State.INVALID_TAPE,
                f"{'Several tapes are' if fitting else 'No tape is'} called {name!r} in"
                f" {' or '.join(map(str, places))}; known are {', '.join(known) or 'none'}.",
            )
        found[fitting[0]] = known[fitting[0]]
    return found or known


def files(tape: Tape) -> Iterator[tuple[str, bytes]]:
    """Yield the tape's files, by their path in its folder; equal bodies are one file."""
    yield ABOUT, _toml(tape.about).encode()
    lines, bodies = [], {}
    for exchange in tape.exchanges:
        request = exchange.key._asdict()
        if not request["body"]:
            del request["body"]
        told: dict[str, Any] = {"session": exchange.session, "request": request}
        reply = exchange.reply
        told["reply"] = {"status": reply.status, "headers": [list(pair) for pair in reply.headers]}
        if reply.body:
            name = _name(reply)
            bodies[f"{BODIES}/{name}"] = reply.body
            told["reply"]["body"] = name
        lines.append(json.dumps(told, ensure_ascii=False))
    yield EXCHANGES, "".join(f"{line}\n" for line in lines).encode()
    yield from sorted(bodies.items())
    yield EXPECTED, expected_text(tape.expected).encode()


def expected_text(expected: object) -> str:
    """Return what the catalog must hold as text, a field a line."""
    return json.dumps(expected, indent=1, ensure_ascii=False) + "\n"


def write(folder: Path, content: Iterable[tuple[str, bytes]]) -> None:
    """Write a tape's files in place of an earlier one of the same name, all of them or none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name, data in content:
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_bytes(data)
        part.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def update(folder: Path, expected: object) -> None:
    """Write anew what the catalog must hold."""
    (folder / EXPECTED).write_text(expected_text(expected), encoding="utf-8")


def read(folder: Path) -> Tape:
    """Return the tape of a folder; Misconfigured says which file of it is not what it should be."""
    about = _about(folder)
    exchanges = []
    for number, line in enumerate(_text(folder, EXCHANGES).splitlines(), 1):
        try:
            told = json.loads(line)
            request, reply = told["request"], told["reply"]
            asked = Key(request["method"], request["url"], request.get("body", ""))
            headers = tuple((str(name), str(value)) for name, value in reply["headers"])
            body = _body(folder, reply["body"]) if "body" in reply else b""
            answer = Reply(int(reply["status"]), headers, body)
            exchanges.append(Exchange(int(told["session"]), asked, answer))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"line {number} is no exchange ({type(error).__name__})"
            raise _invalid(folder, EXCHANGES, reason) from None
    try:
        expected = json.loads(_text(folder, EXPECTED))
    except ValueError:
        raise _invalid(folder, EXPECTED, "it is no JSON") from None
    return Tape(about, tuple(exchanges), expected)


def _about(folder: Path) -> About:
    try:
        told = tomllib.loads(_text(folder, ABOUT))
    except tomllib.TOMLDecodeError as error:
        raise _invalid(folder, ABOUT, f"it is no TOML: {error}") from None
    if told.get("version") != VERSION:
        reason = f"it has format {told.get('version')}, and this harvester reads {VERSION}"
        raise _invalid(folder, ABOUT, reason)
    try:
        return About.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _invalid(folder, ABOUT, f"{where}: {first['msg']}") from None


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _invalid(folder, name, "it is not there") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(folder, name, f"it cannot be read ({type(error).__name__})") from None


def _body(folder: Path, name: str) -> bytes:
    place = f"{BODIES}/{name}"
    if Path(name).name != name:
        raise _invalid(folder, EXCHANGES, f"{name!r} is no name of a body")
    try:
        content = (folder / place).read_bytes()
    except OSError:
        raise _invalid(folder, place, "it is not there") from None
    if hashlib.sha256(content).hexdigest() != name.partition(".")[0]:
        raise _invalid(folder, place, "it was cut short or changed: its sha-256 is not its name")
    return content


def _invalid(folder: Path, name: str, reason: str) -> Misconfigured:
    return Misconfigured(
        State.INVALID_TAPE,
        f"The tape {folder.parent.name}/{folder.name} cannot be used because of {name}: {reason};"
        f" restore it, or record it again.",
    )


def _name(reply: Reply) -> str:
    kind = reply.header("content-type").partition(";")[0].strip().lower()
    return f"{hashlib.sha256(reply.body).hexdigest()}.{_SUFFIXES.get(kind, 'txt')}"


def _toml(about: About) -> str:
    """Write the few kinds of values that it has; JSON's strings are TOML's too."""
    lines = []
    for name, value in about.model_dump(mode="json").items():
        if isinstance(value, list):
            rows = "".join(f"  {json.dumps(one)},\n" for one in value)
            lines.append(f"{name} = [\n{rows}]\n" if rows else f"{name} = []\n")
        elif name in _MOMENTS:
            lines.append(f"{name} = {value}\n")
        else:
            lines.append(f"{name} = {json.dumps(value)}\n")
    return "".join(lines)
