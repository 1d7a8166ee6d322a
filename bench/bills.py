"""Times the extraction of a two-page bill against what PDFium alone needs to give its text.

Time is the processor's, so a busy neighbour changes no ratio.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from time import process_time

import pypdfium2  # type: ignore[import-untyped]

from bench.lines import Line, beside, interleaved
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
FLOOR, OWN, ANY = "PDFium gives its text", "its own layout", "rules for any bill"


def lines(_rounds: int) -> list[Line]:
    """Measure the bill's own layout and the rules for any bill, in many short rounds."""
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
    pages = len(pypdfium2.PdfDocument(content))
    ways = {
        FLOOR: lambda: _text(content),
        OWN: reading(profile),
        ANY: reading(profile.model_copy(update={"bills": profile.bills[-1:]})),
    }
    gc.collect()
    times = interleaved(ways, ROUNDS, process_time)
    case = f"extraction of a bill of {pages} pages"
    return [beside(f"{case}, {way}", times, way, FLOOR, "<=", GOAL) for way in (OWN, ANY)]


def _text(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.get_textpage().get_text_range() for page in pdf]
