"""The command that writes what the home has for other programs."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Sequence
from datetime import date, timedelta

from harvester.cli.common import account_of, logging_to_stderr, settings_of
from harvester.errors import Misconfigured, State
from harvester.export import FORMATS
from harvester.filing import Store
from harvester.model import Window
from harvester.store.catalog import Entry

GREEN_BUTTON, HOME_ASSISTANT = "greenbutton", "home-assistant"


def export(options: argparse.Namespace) -> int:
    """Write the accounts that were asked for, or all, in a format."""
    _fitting(options)
    settings = settings_of(options)
    logging_to_stderr(verbose=options.verbose)
    store = Store(settings.home)
    accounts = store.catalog.accounts()
    if options.account:
        accounts = list(dict.fromkeys(account_of(store, text) for text in options.account))
    if options.push:
        return _push(options, store, accounts)
    own: dict[str, object] = {}
    if options.format == GREEN_BUTTON:
        own = {"profiles": settings.profile_folders}
        own |= {"customer": options.customer, "as_of": options.as_of}
    write = importlib.import_module(FORMATS[options.format]).write
    files = write(store, accounts, _window(options.start, options.end), options.out, **own)
    if options.json:
        print(json.dumps({"files": [str(file) for file in files]}))
    else:
        print("\n".join(str(file) for file in files))
    return 0


def _fitting(options: argparse.Namespace) -> None:
    """Refuse an option that is of another format."""
    for name, given, only in (
        ("--customer", options.customer, GREEN_BUTTON),
        ("--as-of", options.as_of is not None, GREEN_BUTTON),
        ("--push", options.push, HOME_ASSISTANT),
    ):
        if given and options.format != only:
            raise Misconfigured(
                State.INVALID_FILE, f"{name} is for `harvester export {only}` only; leave it out."
            )


def _push(options: argparse.Namespace, store: Store, accounts: Sequence[Entry]) -> int:
    from harvester.export import home_assistant

    token = home_assistant.token(settings_of(options))
    sent = home_assistant.push(store, accounts, options.push, token)
    print(
        json.dumps({"hours": sent}) if options.json else f"Sent {sent:,} hours to {options.push}."
    )
    return 0


def _window(first: date | None, last: date | None) -> Window | None:
    """Return the days from the first up to and with the last, None for all that there are."""
    if first is None and last is None:
        return None
    return Window(first or date.min, date.max if last is None else last + timedelta(days=1))
