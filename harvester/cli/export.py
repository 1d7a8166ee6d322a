"""The command that writes what the home has for other programs."""

from __future__ import annotations

import argparse
import importlib
import json
from datetime import date, timedelta

from harvester.cli.common import account_of, logging_to_stderr, settings_of
from harvester.export import FORMATS
from harvester.filing import Store
from harvester.model import Window


def export(options: argparse.Namespace) -> int:
    """Write the accounts that were asked for, or all, in a format."""
    settings = settings_of(options)
    logging_to_stderr(verbose=options.verbose)
    store = Store(settings.home)
    accounts = store.catalog.accounts()
    if options.account:
        accounts = list(dict.fromkeys(account_of(store, text) for text in options.account))
    write = importlib.import_module(FORMATS[options.format]).write
    files = write(
        store,
        accounts,
        _window(options.start, options.end),
        options.out,
        profiles=settings.profile_folders,
        customer=options.customer,
        as_of=options.as_of,
    )
    if options.json:
        print(json.dumps({"files": [str(file) for file in files]}))
    else:
        print("\n".join(str(file) for file in files))
    return 0


def _window(first: date | None, last: date | None) -> Window | None:
    """Return the days from the first up to and with the last, None for all that there are."""
    if first is None and last is None:
        return None
    return Window(first or date.min, date.max if last is None else last + timedelta(days=1))
