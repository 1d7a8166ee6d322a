"""The command that moves what a home keeps to another database or folder, and proves it."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from harvester.cli.common import settings_of
from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.store.archive import open_archive
from harvester.store.moving import move
from harvester.store.place import Bucket, Server, files, place, server


def migrate(options: argparse.Namespace) -> int:
    """Move the rows and the trail to a database, the archive to a folder, or both."""
    home = settings_of(options).home
    if not home.is_dir():
        raise Misconfigured(
            State.HOME_UNUSABLE, f"There is no home at {home}: name another one with --home."
        )
    kept = place(home)
    database = kept.database if options.to is None else _database(home, options)
    archive = _archive(options.archive) if options.archive else kept.archive
    moved = archive != kept.archive
    keeping = {f"{kept.archive}"} if moved and open_archive(kept.archive).keeps_deleted() else set()
    proof = move(home, database, archive)
    kind = "postgresql" if isinstance(database, Server) else "sqlite"
    store = Store(home)
    if moved or database != kept.database:
        store.trail.append("store.moved", datetime.now(UTC), kind=kind, sha=proof.digest)
    if moved and store.archive.keeps_deleted():
        keeping.add(f"{archive}")
    if options.json:
        told = {"database": kind, "archive": f"{archive}", "keep_deleted": sorted(keeping)}
        print(json.dumps(told | proof._asdict()))
        return 0
    print(
        f"{proof.rows:,} rows, {proof.entries:,} entries of the trail and {proof.files:,} files"
        f" are in {store.trail.name} and {archive}; all was read back and is equal"
        f" (SHA-256 {proof.digest[:16]}…)."
    )
    for bucket in sorted(keeping):
        print(
            f"{bucket} keeps older versions of what is deleted in it, which nothing here can"
            " delete: have a rule there let them expire."
        )
    return 0


def _archive(told: str) -> Path | Bucket:
    archive = files(told)
    return archive.absolute() if isinstance(archive, Path) else archive


def _database(home: Path, options: argparse.Namespace) -> Path | Server:
    if options.to == "sqlite":
        return home / "catalog.sqlite"
    return server(options.to, options.schema)
