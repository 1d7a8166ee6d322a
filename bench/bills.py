"""Times the extraction of a two-page bill against what PDFium alone needs to give its text.

Time is the processor's, so a busy neighbour changes no ratio.  Goal: at most three times the floor.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from time import process_time

import pypdfium2  # type: ignore[import-untyped]

from harvester.errors import State
from harvester.extract import extract
from harvester.extract.rows import Setting
from harvester.model import Artifact, Bill, Kind
from harvester.profile import Profile, load
from harvester.sandbox.bill_pdf import render
from harvester.sandbox.world import World

ACCOUNT = "1000101001"
ROUNDS = 300
GOAL = 3.0


def main() -> int:
    """Print both ratios, with the bill's own layout and without; 1 if either misses the goal."""
    world = World()
    bill = world.bills(ACCOUNT)[0]
    content = render(world, bill)
    artifact = Artifact(
        kind=Kind.BILL_PDF,
        account=ACCOUNT,
        content=content,
        url="",
        media_type="application/pdf",
        retrieved_at=datetime.now(UTC),
    )
    row = Bill(
        ACCOUNT, bill.kind, bill.billing_date, bill.due_date, None, Decimal(bill.kwh), bill.total
    )

    def reading(profile: Profile) -> Callable[[], object]:
        setting = Setting(profile, bill=row)
        read = extract(artifact, setting)
        if read.document is not State.OK or read.statement is None or len(read.statement.reads) < 1:
            raise SystemExit("the bill is not read as it should be: no figure means anything")
        return lambda: extract(artifact, setting)

    profile = load("caec")
    ways = {
        "PDFium opens it and returns its text": lambda: _text(content),
        "statement, by its own layout": reading(profile),
        "statement, by the rules for any bill": reading(
            profile.model_copy(update={"bills": profile.bills[-1:]})
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = process_time()
            way()
            times[name].append(process_time() - start)
    floor, *own = (median(taken) for taken in times.values())
    print(f"a bill of {len(pypdfium2.PdfDocument(content))} pages, medians of {ROUNDS} rounds")
    print(f"{1000 * floor:7.2f} ms   1.00 x  {next(iter(times))}")
    for name, taken in zip(list(times)[1:], own, strict=True):
        print(f"{1000 * taken:7.2f} ms  {taken / floor:5.2f} x  {name} (goal <= {GOAL})")
    return 0 if max(own) <= GOAL * floor else 1


def _text(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.get_textpage().get_text_range() for page in pdf]


if __name__ == "__main__":
    raise SystemExit(main())
