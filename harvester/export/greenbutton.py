"""Green Button: what an account used and was billed as ESPI 4.0, which is valid as 3.3 too.

The file says nothing of who somebody is: no number, name, address or meter.  Those are in another
file, for whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import structlog
from lxml import etree

from harvester.errors import Misconfigured, State
from harvester.export.greenbutton_account import Leaving, leaving
from harvester.export.greenbutton_customer import customer_file
from harvester.export.greenbutton_feed import ROOT, Feed, Place, Stamps, feed
from harvester.export.greenbutton_ids import Ids
from harvester.export.greenbutton_summary import DOLLAR, ELECTRICITY, WATT_HOURS, Fields, summary
from harvester.filing import Store
from harvester.greenbutton.clock import NO_RULE, clock_of
from harvester.greenbutton.reader import ESPI
from harvester.model import Direction, Quality, Window
from harvester.store.audit import masked
from harvester.store.bills import Document
from harvester.store.catalog import Entry
from harvester.store.database import epoch, instant, moment
from harvester.store.hours import Channel, Hour

NET = 4
"""ESPI flowDirection: delivered less received, as a meter of one register tells it."""
QUESTIONING = {
    "clock", "duplicate", "mixed-steps", "overlap", "future", "negative", "flat-run", "day-sum",
    "register-day", "spike",
}  # fmt: skip
"""Rules that, where they are broken, leave a day's values in doubt."""
RECEIVED = ", received"
"""How the subject of a finding ends that is about received energy only."""

log = structlog.get_logger()
_make = etree.SubElement
_READING, _PERIOD, _DURATION, _START, _VALUE, _QUALITY, _CODE = (
    f"{{{ESPI}}}{name}"
    for name in (
        "IntervalReading", "timePeriod", "duration", "start", "value", "ReadingQuality", "quality",
    )
)  # fmt: skip


def write(
    store: Store,
    accounts: Sequence[Entry],
    window: Window | None,
    out: Path,
    *,
    profiles: tuple[Path, ...] = (),
    customer: bool = False,
    as_of: int | None = None,
) -> list[Path]:
    """Write a file an account, `usage-1a2b3c4d.xml`, into a folder; return the files.

    The same data gives the same bytes.  With `customer` there is a file of who it is beside it, and
    the bills' documents.  An account without hours and bills has no file, which is logged.  Raises
    Misconfigured(NO_DATA) where that is so of all of them.
    """
    ids = Ids(store.home)
    files: list[Path] = []
    for entry in accounts:
        account = leaving(store, entry, ids, window, profiles=profiles, as_of=as_of)
        if account.is_empty:
            log.warning("export.nothing", account=masked(entry.number))
            continue
        file = out / f"usage-{account.mark}.xml"
        doubted = _doubted(store, entry)
        with feed(file, ESPI, account.id("feed"), "Energy usage", account.updated) as written:
            _usage_point(written, account)
            for channel in account.channels:
                _meter_reading(written, account, channel, doubted)
            for hours in _days(store.catalog.hours(entry.id, window, as_of), account):
                _block(written, account, hours, doubted)
            for document in account.documents:
                _summary(written, account, document)
        files += [file, *(customer_file(store, account, out) if customer else ())]
    if not files:
        raise Misconfigured(
            State.NO_DATA,
            f"{store.home} has no hours and no bills of these accounts and days;"
            " `harvester status` shows what it has.",
        )
    return files


Doubted = set[tuple[str, int]]
"""Local days and directions of which some rule doubts the values."""


def _doubted(store: Store, entry: Entry) -> Doubted:
    found = [f for f in store.catalog.findings(entry.id) if f.rule in QUESTIONING]
    return {
        (f.subject[:10], direction)
        for f in found
        for direction in Direction
        if f.subject.endswith(RECEIVED) == (direction is Direction.RECEIVED)
    } | {("negative", 0) for f in found if f.rule == "negative"}


def _usage_point(written: Feed, account: Leaving) -> None:
    """Write the usage point and its clock."""
    place = account.usage_point
    clock_place = Place(f"{ROOT}/LocalTimeParameters", account.id("clock"))
    stamps = account.stamps(account.since)
    related = [f"{place.href}/MeterReading", f"{place.href}/UsageSummary", clock_place.href]
    entry, made = written.entry(place, "UsagePoint", "Usage point", stamps, related=related)
    written.fill(made, [("ServiceCategory", [("kind", 0)]), ("status", 1)])
    written.put(entry)
    clock = clock_of(account.zone, account.updated.astimezone(account.zone).year)
    entry, made = written.entry(clock_place, "LocalTimeParameters", "Local time", stamps)
    start, end = (rule.encode() if rule else f"{NO_RULE:X}" for rule in (clock.start, clock.end))
    rules: Fields = [("dstEndRule", end), ("dstOffset", clock.moved)]
    written.fill(made, [*rules, ("dstStartRule", start), ("tzOffset", clock.offset)])
    written.put(entry)


def _readings_of(account: Leaving, meter: str, direction: int, seconds: int) -> Place:
    """Return where what a meter measured so is: in its MeterReading."""
    id_ = account.id("meter-reading", meter, direction, seconds)
    return Place(f"{account.usage_point.href}/MeterReading", id_)


def _meter_reading(written: Feed, account: Leaving, channel: Channel, doubted: Doubted) -> None:
    """Write a MeterReading and its ReadingType."""
    place = _readings_of(account, channel.meter, channel.direction, channel.seconds)
    delivered = channel.direction == Direction.DELIVERED
    net = delivered and (channel.least or 0) < 0 and ("negative", 0) not in doubted
    flow = NET if net else channel.direction
    type_id = account.id("reading-type", place.id, flow)
    kind = Place(f"{ROOT}/ReadingType", type_id)
    title = "Net energy" if net else "Energy delivered" if delivered else "Energy received"
    stamps = account.stamps(moment(channel.start))
    related = [f"{place.href}/IntervalBlock", kind.href]
    entry, _ = written.entry(place, "MeterReading", title, stamps, related=related)
    written.put(entry)
    minutes = channel.seconds // 60
    entry, made = written.entry(kind, "ReadingType", f"{title}, {minutes} minutes", stamps)
    written.fill(
        made,
        [
            ("accumulationBehaviour", 4),
            ("commodity", ELECTRICITY),
            ("currency", DOLLAR),
            ("dataQualifier", 12),
            ("defaultQuality", int(Quality.RAW)),
            ("flowDirection", flow),
            ("intervalLength", channel.seconds),
            ("kind", 12),
            ("phase", 769),
            ("powerOfTenMultiplier", 0),
            ("timeAttribute", 0),
            ("uom", WATT_HOURS),
        ],
    )
    written.put(entry)


def _days(hours: Iterable[Hour], account: Leaving) -> Iterator[tuple[int, int, list[Hour]]]:
    """Yield the hours of one meter, direction and length of a local day, and when it is."""
    for _, same in groupby(hours, attrgetter("direction")):
        start = end = 0
        held: dict[tuple[str, int], list[Hour]] = {}
        for hour in same:
            if hour.start >= end:
                yield from ((start, end, one) for one in held.values())
                held = {}
                day = moment(hour.start).astimezone(account.zone).date()
                start, end = (epoch(account.midnight(day + timedelta(days=n))) for n in range(2))
            held.setdefault((hour.meter, hour.seconds), []).append(hour)
        yield from ((start, end, one) for one in held.values())


def _block(
    written: Feed, account: Leaving, day: tuple[int, int, list[Hour]], doubted: Doubted
) -> None:
    """Write a local day; an hour without a value is not in it, and the summary says how many."""
    start, end, hours = day
    first = hours[0]
    parent = _readings_of(account, first.meter, first.direction, first.seconds)
    place = Place(
        f"{parent.href}/IntervalBlock",
        account.id("block", first.meter, first.direction, first.seconds, start),
    )
    title = f"{moment(start).astimezone(account.zone):%Y-%m-%d}"
    known = sum(hour.wh is not None for hour in hours)
    whole = (end - start) // first.seconds
    said = f"{known} of {whole} intervals have a value." if known < whole else ""
    told = instant(max(hour.told for hour in hours))
    stamps = Stamps(min(moment(end), told), told)
    entry, block = written.entry(place, "IntervalBlock", title, stamps, summary=said)
    written.fill(block, [("interval", [("duration", end - start), ("start", start)])])
    doubt = (title, first.direction) in doubted
    for hour in hours:
        if hour.wh is None:
            continue
        reading = _make(block, _READING)
        _make(_make(reading, _QUALITY), _CODE).text = str(hour.quality)
        if doubt:
            _make(_make(reading, _QUALITY), _CODE).text = str(int(Quality.QUESTIONABLE))
        period = _make(reading, _PERIOD)
        _make(period, _DURATION).text = str(hour.seconds)
        _make(period, _START).text = str(hour.start)
        _make(reading, _VALUE).text = str(hour.wh)
    written.put(entry)


def _summary(written: Feed, account: Leaving, document: Document) -> None:
    """Write a bill."""
    bill = document.bill
    place = Place(f"{account.usage_point.href}/UsageSummary", account.id("summary", bill.key))
    issued = account.midnight(bill.billing_date)
    told = document.retrieved_at or account.updated
    stamps = Stamps(min(issued, told), told)
    title = f"Bill of {bill.billing_date}"
    entry, made = written.entry(place, "UsageSummary", title, stamps)
    written.fill(made, summary(account, document))
    written.put(entry)
