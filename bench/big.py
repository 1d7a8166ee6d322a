"""`status`, `findings` and `show day` on a home of 1,000 accounts x 24 months: 17.5 million hours.

Peer of the memory: the same command on a tenth of the accounts.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.history import ACCOUNT, DAY, Desk, History, months
from bench.lines import Line, seconds
from harvester.errors import State
from harvester.sandbox.world import TODAY, World

ACCOUNTS, DAYS, BILLS = 1_000, 730, 24
SECONDS, GROWTH = 1.0, 1.1
_OF_AN_ACCOUNT = (
    "artifact", "account_detail", "bill", "statement", "register_read", "line_item", "payment",
    "note", "coverage", "day_total", "reading", "finding",
)  # fmt: skip
_ARTIFACT = {"artifact", "first_artifact", "replaced_by", "pdf"}


def filled(home: Path, accounts: int) -> Path:
    """Make a home of one account's 24 months as the program files them, and copies of that."""
    desk = Desk.opened(home)
    told = History(World())
    desk.file(told.account())
    sent = told.world.bills(ACCOUNT)[:BILLS]
    desk.file(told.listing(sent))
    desk.file(told.ledger())
    for bill in sent:
        desk.file(told.document(bill))
    for first, last in months(TODAY, DAYS):
        for artifact in told.usage(first, last):
            desk.file(artifact)
    desk.store.catalog.finish_run(desk.run, State.OK, told.clock, {})
    desk.store.catalog.close()
    _copied(home / "catalog.sqlite", accounts)
    return home


def _copied(file: Path, accounts: int) -> None:
    """Give every further account the rows of the first one, each with artifacts of its own."""
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = OFF")  # the program turns it on again
    columns = {
        table: [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
        for table in (*_OF_AN_ACCOUNT, *_counts(db))
    }
    (step,) = db.execute("SELECT max(id) FROM artifact").fetchone()
    db.execute("BEGIN")
    for number in range(2, accounts + 1):
        db.execute(
            "INSERT INTO account SELECT ?1, profile, 'bench-' || ?1, ?2 FROM account WHERE id = 1",
            (number, f"4{number:06}001"),
        )
        shift = f"+ {step * (number - 1)}"
        for table, names in columns.items():
            told = [
                f"{number}" if name == "account"
                else f"{name} {shift}" if name in _ARTIFACT or name == "id"
                else name
                for name in names
            ]  # fmt: skip
            if table == "payment":
                told[names.index("id")] = "id"
            db.execute(
                f"INSERT INTO {table} SELECT {', '.join(told)} FROM {table} WHERE account = 1"
            )
    db.execute("COMMIT")
    db.close()


def _counts(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE name = 'reading_count'")
    return [name for (name,) in found]


def lines(rounds: int) -> list[Line]:
    """Measure each command as a process of its own."""
    made: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        few = filled(Path(folder) / "few", ACCOUNTS // 10)
        many = filled(Path(folder) / "many", ACCOUNTS)
        day = f"{TODAY - 100 * DAY}"
        for name, words in {
            "status": ["status"],
            "findings": ["findings"],
            "show day": ["show", "day", f"4{ACCOUNTS // 10:06}001", day],
        }.items():
            told = [_run([*words, "--home", f"{many}"]) for _ in range(rounds)]
            small = [_run([*words, "--home", f"{few}"]) for _ in range(rounds)]
            taken, memory = median(t for t, _ in told), median(m for _, m in told)
            less = median(m for _, m in small)
            case = f"{name}, {ACCOUNTS:,} accounts x 24 months"
            raw = {"seconds": [t for t, _ in told], "MB": [m for _, m in told]}
            made += [
                Line(case, "time", taken, "s", "<=", SECONDS, seconds(taken), raw),
                Line(
                    case, f"memory of {ACCOUNTS // 10} accounts", memory / less, "x", "<=", GROWTH,
                    f"{memory:.0f} MB beside {less:.0f} MB",
                ),
            ]  # fmt: skip
    return made


_COMMAND = """
import re, sys
from pathlib import Path
from harvester.cli import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1], file=sys.stderr)
sys.exit(code)
"""
"""What the installed program is, and tells its peak: `ru_maxrss` begins with that of its parent."""


def _run(words: list[str]) -> tuple[float, float]:
    """Return seconds and the most megabytes of one command."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *words], capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - start
    if done.returncode not in {0, 3}:
        raise SystemExit(f"harvester {words[0]}: {done.stderr}: no figure means anything")
    return taken, int(done.stderr.split()[-1]) / 1024
