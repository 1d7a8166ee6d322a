"""Commands that show what was done, sign it, and check that nobody changed it since."""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from harvester.cli.common import settings_of
from harvester.errors import ActionNeeded, Misconfigured, State
from harvester.store.audit import Entry, Fact, Trail
from harvester.store.checkpoint import Checkpoints, Verdict
from harvester.store.place import place


def show(options: argparse.Namespace) -> int:
    """Show entries, up to the first that is not what was written."""
    flaws: list[ActionNeeded] = []
    entries = _chosen(_trusted(_trail(options), flaws), options.member, options.run)
    if options.last:
        entries = iter(deque(entries, options.last))
    if options.json:
        _as_json(entries, flaws)
        return flaws[0].exit_code if flaws else 0
    for entry in entries:
        print(_line(entry))
    for flaw in flaws:
        raise flaw
    return 0


def _trusted(trail: Trail, flaws: list[ActionNeeded]) -> Iterator[Entry]:
    """Yield entries and note what ends them, if anything does: those before it are still shown."""
    try:
        yield from trail.entries()
    except ActionNeeded as flaw:
        flaws.append(flaw)


def _chosen(entries: Iterable[Entry], member: str | None, run: int | None) -> Iterator[Entry]:
    """Yield the entries of a member and a run; those within a run name only the run."""
    theirs: set[Fact] = set()
    for entry in entries:
        name, number = entry.facts.get("member"), entry.facts.get("run")
        if name and number is not None:
            (theirs.add if name == member else theirs.discard)(number)
        of_member = name == member if name else number in theirs
        if (member is None or of_member) and (run is None or number == run):
            yield entry


def _line(entry: Entry) -> str:
    facts = ", ".join(f"{name} {_plain(value)}" for name, value in entry.facts.items())
    moment = _plain(entry.at).replace("T", " ").replace("Z", " UTC")
    return f"{entry.seq}  {moment}  {_plain(entry.event)}  {facts}".rstrip()


def _plain(value: object) -> str:
    """Return a value as text that does nothing to a terminal, whoever wrote it."""
    text = str(value)
    return text if text.isprintable() else ascii(text)


def _as_json(entries: Iterable[Entry], flaws: list[ActionNeeded]) -> None:
    """Print one document, entry by entry: a trail may be longer than what fits in memory."""
    print('{"entries": [', end="")
    for number, entry in enumerate(entries):
        print(",\n" if number else "\n", entry.line.decode(), sep="", end="")
    state, message = (flaws[0].state, f"{flaws[0]}") if flaws else (State.OK, "")
    print(f'\n], "state": {json.dumps(state)}, "message": {json.dumps(message)}}}')


def sign(options: argparse.Namespace) -> int:
    """Sign the trail as it is; print that, or write it where it is wanted."""
    trail = _trail(options)
    checkpoint = Checkpoints(trail).sign(datetime.now(UTC))
    document = checkpoint.document()
    out: Path | None = options.out
    if out:
        try:
            out.write_text(document, encoding="utf-8")
        except OSError as error:
            raise Misconfigured(
                State.HOME_UNUSABLE,
                f"{out} cannot be written ({error.strerror}): name another file with --out; the"
                f" checkpoint is kept in {trail.file.parent} all the same.",
            ) from error
    if options.json or not out:
        print(document, end="")
    else:
        print(f"Signed {_entries(checkpoint.size)} in {out}; keep it where nobody of here writes.")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check the trail and tell how far it is held by checkpoints."""
    verdict = Checkpoints(_trail(options)).verify(options.checkpoint)
    if options.json:
        print(json.dumps({"state": State.OK, **verdict._asdict()}))
    else:
        print(_told(verdict))
    return 0


def _told(verdict: Verdict) -> str:
    entries = f"{_entries(verdict.entries)}, nothing changed, removed or reordered"
    if not verdict.checkpoints:
        return (
            f"{entries}; but there is no checkpoint, so it would not show if the newest were cut"
            " off or all made anew: harvester audit checkpoint signs one."
        )
    held = "1 checkpoint holds" if verdict.checkpoints == 1 else (
        f"{verdict.checkpoints} checkpoints hold")  # fmt: skip
    newer = verdict.entries - verdict.covered
    return f"{entries}; {held}, and {_entries(newer) if newer else 'nothing'} came after the last."


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _trail(options: argparse.Namespace) -> Trail:
    """Return the trail of a home that is there: a mistyped one is not made, and not found sound."""
    home = settings_of(options).home
    if not home.is_dir():
        raise Misconfigured(
            State.HOME_UNUSABLE, f"There is no home at {home}: name another one with --home."
        )
    kept = place(home)
    return Trail(kept.trail, kept.server)
