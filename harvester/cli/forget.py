"""The command that deletes an account, or what of it was kept longer than agreed."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from harvester import forgetting, profile
from harvester.accounts import DIGITS
from harvester.cli.common import account_of, settings_of
from harvester.errors import Misconfigured, State
from harvester.filing import Filing, Store
from harvester.forgetting import Receipt
from harvester.store.audit import masked
from harvester.store.catalog import Entry


def forget(options: argparse.Namespace) -> int:
    """Delete, after asking, and tell what a killed program had begun to delete."""
    store = Store(settings_of(options).home)
    with store.catalog:  # its log goes with it
        return _forget(options, store, datetime.now(UTC))


def _forget(options: argparse.Namespace, store: Store, now: datetime) -> int:
    done = forgetting.finish(store, now)
    try:
        entry = account_of(store, options.account)
    except Misconfigured:
        if not done:
            raise
        return _tell(options, store, done)
    if options.everything:
        count = len(store.catalog.artifacts(entry.id))
        _ask(options, entry, f"All {count:,} artifacts of {_whose(entry)}, and all they say,")
        done.append(forgetting.forget(store, entry, now))
    elif over := forgetting.due(store, entry, now):
        portal = profile.load(entry.profile, settings_of(options).profile_folders)
        _ask(options, entry, f"{len(over):,} artifacts of {_whose(entry)}, kept too long,")
        done.append(forgetting.forget(store, entry, now, filing=Filing(store, portal)))
    return _tell(options, store, done, _whose(entry))


def _ask(options: argparse.Namespace, entry: Entry, what: str) -> None:
    """Return if a person types the account's last digits, or a script said --yes before."""
    if options.yes:
        return
    if not sys.stdin.isatty():
        raise Misconfigured(
            State.NOT_CONFIRMED, f"{what} are to be deleted: confirm that with --yes."
        )
    last = entry.number[-DIGITS:]
    print(f"{what} are deleted for good. Type {last} to go on: ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip() != last:
        raise Misconfigured(State.NOT_CONFIRMED, "Nothing was deleted: that was not it.")


def _tell(
    options: argparse.Namespace, store: Store, receipts: list[Receipt], whose: str = ""
) -> int:
    if options.json:
        print(json.dumps([one.model_dump(mode="json") for one in receipts], indent=2))
        return 0
    for one in receipts:
        print(
            f"{one.member} {one.account}: {len(one.artifacts):,} artifacts forgotten, with"
            f" {sum(one.rows.values()) - one.rows['artifact']:,} rows and {len(one.files):,} files;"
            f" receipt: {store.home / forgetting.FOLDER / one.id}.json"
        )
        if one.versions_in:
            print(
                f"{one.versions_in} keeps older versions of the files that were deleted: delete"
                " those there too, or have a rule there let them expire."
            )
    if not receipts:
        print(f"Nothing of {whose} was kept longer than agreed; --everything deletes it all.")
    elif any(one.why != "everything" for one in receipts):
        print("While an authorization is in force, a run may fetch again what the portal shows.")
    return 0


def _whose(entry: Entry) -> str:
    return f"{entry.member} {masked(entry.number)}"
