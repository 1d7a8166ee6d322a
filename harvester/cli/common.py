"""What every command does with the options that all of them take."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

from harvester.accounts import account_of
from harvester.settings import Settings

if TYPE_CHECKING:  # a command that shows no table loads nothing that draws them
    from rich.table import Table
    from structlog.typing import Processor

__all__ = ["WIDTH", "account_of", "logging_to_stderr", "settings_of", "table", "tell"]

WIDTH = 110
"""Columns of a table where nobody watches."""


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings, with the home of the command line before that of the environment."""
    return Settings(home=options.home) if options.home else Settings()


def logging_to_stderr(*, verbose: bool) -> None:
    """Log warnings, or everything if `verbose`; as JSON lines where nobody watches."""
    import structlog

    level = logging.INFO if verbose else logging.WARNING
    watched = sys.stderr.isatty()
    render = structlog.dev.ConsoleRenderer() if watched else structlog.processors.JSONRenderer()
    common: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(  # of what libraries, and rooms below the run, log by themselves
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(level=level, handlers=[handler])
    structlog.configure(
        processors=[*common, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def table(*heads: str, right: Collection[str] = ()) -> Table:
    """Return an empty table as all commands show theirs."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        made.add_column(head, justify="right" if head in right else "left", overflow="fold")
    return made


def tell(what: object) -> None:
    """Print a table, as wide as it needs to be where nobody watches."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDTH
    Console(width=width, markup=False, emoji=False).print(what)
