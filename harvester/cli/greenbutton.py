"""Commands about Green Button files of anyone's: check one, or bring some in."""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harvester import members, profile
from harvester.cli.common import settings_of
from harvester.errors import MEANINGS, BadData, State
from harvester.extract.greenbutton import Supply, number_of, supplies
from harvester.filing import Filed, Filing, Store
from harvester.greenbutton.reader import MOST_BYTES, parts
from harvester.greenbutton.rules import RULES
from harvester.greenbutton.schemas import Schemas
from harvester.greenbutton.validate import SHOWN, Report, validate_file
from harvester.model import Artifact, Kind
from harvester.store.audit import masked

_LINE = "{account}: {added:,} new readings, {revised:,} revised, {first} to {last}"


def check(options: argparse.Namespace) -> int:
    """Say what is wrong with a file; the exit code is 0 only if nothing is."""
    folder = options.schemas or settings_of(options).schemas
    report = validate_file(options.file, Schemas(folder) if folder else None)
    if options.json:
        print(json.dumps(_document(report), indent=2))
    else:
        _tell(report, schemas=bool(folder))
    return 0 if report.is_clean else MEANINGS[State.INVALID_FILE].exit_code


def _document(report: Report) -> dict[str, object]:
    return {
        "clean": report.is_clean,
        "valid": report.valid,
        "invalid": report.invalid,
        "resources": report.resources,
        "readings": report.readings,
        "counts": report.counts,
        "faults": [fault._asdict() | RULES[fault.rule]._asdict() for fault in report.faults],
    }


def _tell(report: Report, *, schemas: bool) -> None:
    held = ", ".join(f"{count} {kind}" for kind, count in sorted(report.resources.items()) if count)
    print(f"{held}; {report.readings:,} readings")
    for version in report.valid:
        print(f"It validates against the ESPI {version} schema.")
    for version, what in report.invalid.items():
        print(f"It does not validate against the ESPI {version} schema. {what}")
    if not schemas:
        print("No schema was checked: name a folder of the published ones with --schemas.")
    for rule, count in sorted(report.counts.items()):
        times = f"{count} times" if count > 1 else "once"
        print(f"{RULES[rule].about} ({rule}), {times}, {RULES[rule].sure}:")
        for fault in report.faults:
            if fault.rule == rule:
                print(f"  {fault.where}: {fault.message}")
        if count > SHOWN:
            print(f"  and {count - SHOWN} more")
    if not report.faults:
        print("Nothing else is wrong.")


def bring(options: argparse.Namespace) -> int:
    """Import files as the history of a member, each usage point as an account of its own."""
    settings = settings_of(options)
    member = members.load(settings, options.member)
    portal = profile.load(member.profile, settings.profile_folders)
    content, media_type = _content(options.files)
    found = supplies(content, portal.zone)
    store, now = Store(settings.home), datetime.now(UTC)
    run = store.catalog.begin_run(portal.id, member.name, "import", now)
    filing = Filing(store, portal)
    told = []
    for place, supply in enumerate(found):
        at = now + timedelta(microseconds=place)
        artifact = _artifact(supply, content, media_type, at)
        account = store.catalog.account_id(portal.id, member.name, artifact.account)
        filed = filing.take(account, artifact, run)
        store.trail.append(
            "file.imported",
            at,
            run=run,
            account=masked(artifact.account),
            kind=artifact.kind,
            sha=filed.sha,
            bytes=len(content),
        )
        told.append(_said(artifact, supply, filed))
    store.catalog.finish_run(run, State.OK, now, {"accounts": len(found)})
    if options.json:
        print(json.dumps({"accounts": told}, indent=2))
    else:
        for one in told:
            print(_LINE.format_map(one))
            for message in one["findings"]:
                print(f"  {message}")
    return 0


def _artifact(supply: Supply, content: bytes, media_type: str, at: datetime) -> Artifact:
    return Artifact(
        kind=Kind.GREEN_BUTTON,
        account=number_of(supply.key),
        content=content,
        url="file:",
        media_type=media_type,
        retrieved_at=at,
        about={"point": supply.key, "first": f"{supply.first}", "last": f"{supply.last}"},
    )


def _said(artifact: Artifact, supply: Supply, filed: Filed) -> dict[str, Any]:
    return {
        "account": artifact.account,
        "added": filed.change.added,
        "revised": filed.change.revised,
        "first": f"{supply.first}",
        "last": f"{supply.last}",
        "findings": [finding.message for finding in filed.rows.findings],
    }


def _content(files: Sequence[Path]) -> tuple[bytes, str]:
    """Return one file as it is, or several packed into one, the same whenever it is done."""
    if sum(_size(file) for file in files) > MOST_BYTES:
        raise BadData(
            State.INVALID_FILE, "The files are larger than 256 MB together; import them by account."
        )
    contents = [_read(file) for file in files]
    if len(contents) == 1:
        packed = contents[0].startswith(b"PK")
        return contents[0], "application/zip" if packed else "application/atom+xml"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as pack:
        for place, content in enumerate(contents):
            for inside, (_, pieces) in enumerate(parts(io.BytesIO(content))):
                name = zipfile.ZipInfo(f"{place:03}-{inside:03}.xml")
                pack.writestr(name, b"".join(pieces), zipfile.ZIP_DEFLATED)
    return made.getvalue(), "application/zip"


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise _unreadable(file, error) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> BadData:
    return BadData(State.INVALID_FILE, f"The file {file} cannot be read: {error.strerror}.")
