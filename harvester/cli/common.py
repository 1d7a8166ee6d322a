"""What every command does with the options that all of them take."""

from __future__ import annotations

import argparse
import logging
import sys

import structlog

from harvester.settings import Settings


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings, with the home of the command line before that of the environment."""
    return Settings(home=options.home) if options.home else Settings()


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
