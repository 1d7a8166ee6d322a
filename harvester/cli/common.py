"""What every command does with the options that all of them take."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Collection

import structlog
from rich.console import Console
from rich.table import Table

from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.settings import Settings
from harvester.store.catalog import Entry

WIDTH = 110
"""Columns of a table where nobody watches."""
DIGITS = 3
"""So many last digits of an account number may stand for all of it."""


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings, with the home of the command line before that of the environment."""
    return Settings(home=options.home) if options.home else Settings()


def account_of(store: Store, text: str) -> Entry:
    """Return the account of a number, of its last digits, or of a sign-in that has only one."""
    known = store.catalog.accounts()
    bare = "".join(filter(str.isdigit, text))
    fitting = (
        [entry for entry in known if entry.number == bare],
        [entry for entry in known if entry.member == text],
        [entry for entry in known if len(bare) >= DIGITS and entry.number.endswith(bare)],
    )
    found = next(filter(None, fitting), [])
    if len(found) == 1:
        return found[0]
    has = "several accounts" if found else "no account"
    listed = ", ".join(f"{e.member} {e.number}" for e in found or known) or "none yet"
    raise Misconfigured(
        State.UNKNOWN_ACCOUNT, f"{store.home} has {has} for {text!r}; give one of: {listed}."
    )


def logging_to_stderr(*, verbose: bool) -> None:
    """Log warnings, or everything if `verbose`; as JSON lines where nobody watches."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(message)s")
    watched = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if watched else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def table(*heads: str, right: Collection[str] = ()) -> Table:
    """Return an empty table as all commands show theirs."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        made.add_column(head, justify="right" if head in right else "left", overflow="fold")
    return made


def tell(what: object) -> None:
    """Print a table, as wide as it needs to be where nobody watches."""
    Console(width=None if sys.stdout.isatty() else WIDTH).print(what)
