"""The command by which a person shows a portal, so that its profile can be written."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import textwrap

from harvester.browser import open_browser
from harvester.cli.common import logging_to_stderr, settings_of
from harvester.errors import Misconfigured, State
from harvester.survey import split, survey


class Terminal:
    """Whoever sits at the terminal; a line that is awaited can be given up at any time."""

    def __init__(self) -> None:
        self._read = b""

    async def ask(self, question: str) -> str:
        """Return the next line; Misconfigured where nobody is there to type one."""
        print(f"\n{_wrapped(question)}", end=" ", flush=True, file=sys.stderr)
        while b"\n" not in self._read:
            self._read += await _piece(sys.stdin.fileno())
        line, _, self._read = self._read.partition(b"\n")
        return line.decode(errors="replace").strip()

    def tell(self, said: str) -> None:
        """Print it."""
        print(_wrapped(said), file=sys.stderr)


def _wrapped(text: str) -> str:
    """Return a text with its lines broken between words, where a terminal shows them."""
    if not sys.stderr.isatty():
        return text
    wide = shutil.get_terminal_size().columns - 1
    return "\n".join(
        textwrap.fill(line, wide, subsequent_indent="    " if line.startswith(" ") else "")
        for line in text.split("\n")
    )


async def _piece(source: int) -> bytes:
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(source, there.set)
    except PermissionError:  # a file, which is always there to be read
        there.set()
    try:
        await there.wait()
    finally:
        loop.remove_reader(source)
    if piece := os.read(source, 4096):
        return piece
    raise Misconfigured(
        State.NOT_CONFIRMED,
        "Making a profile needs a person at the terminal and a browser window beside it.",
    )


def new(options: argparse.Namespace) -> int:
    """Make a profile, and say how to prove it."""
    split(options.url)  # before a browser is looked for
    settings = settings_of(options)
    logging_to_stderr(verbose=options.verbose)

    async def shown() -> str:
        async with open_browser(executable=settings.browser, headed=True) as browser:
            return await survey(options.url, Terminal(), browser, settings.profile_folders)

    name = asyncio.run(shown())
    file = settings.profile_folders[0] / f"{name}.toml"
    if options.json:
        print(json.dumps({"profile": name, "file": f"{file}"}))
    else:
        print(f"Written to {file}. Prove it with `harvester profile test {name}`.")
    return 0
