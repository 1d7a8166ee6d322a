"""What is exported as Green Button is what the sandbox knows, and valid, and tells no names."""

from __future__ import annotations

import stat
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from desk import Desk
from exported import (
    HOUSE,
    NAMES,
    NEW,
    SCHEMAS,
    SOLAR,
    SPRING,
    autumn,
    folder,
    home,
    needs_schemas,
    tree,
    usage,
)
from lxml import etree
from simulated import Visit

from harvester.errors import Misconfigured, State
from harvester.export.greenbutton import write
from harvester.model import Finding, Window
from harvester.sandbox.world import World

CENTRAL = ZoneInfo("America/Chicago")


def texts(node: etree._Element, path: str) -> list[str]:
    return [str(found.text) for found in node.findall(path, NAMES)]


def blocks(file: Path, title: str) -> dict[str, etree._Element]:
    """Return the blocks of the meter reading so titled, by the titles of their entries."""
    root = tree(file).getroot()
    (meter,) = (
        entry
        for entry in root.findall("a:entry[a:content]", NAMES)
        if entry.find("a:content/e:MeterReading", NAMES) is not None
        and texts(entry, "a:title") == [title]
    )
    collection = meter.findall("a:link[@rel='related']", NAMES)[0].get("href")
    return {
        texts(entry, "a:title")[0]: entry
        for entry in root.findall("a:entry", NAMES)
        if entry.find("a:link[@rel='up']", NAMES).get("href") == collection
    }


@needs_schemas
@pytest.mark.parametrize("schema", ["4.0/all_espi.xsd", "3.3.1/all_usage.xsd"])
@pytest.mark.parametrize("number", [HOUSE, SOLAR, NEW])
def test_usage_is_valid_under_every_schema(number: str, schema: str) -> None:
    etree.XMLSchema(etree.parse(str(SCHEMAS / schema))).assertValid(tree(usage(number)))


@pytest.mark.parametrize(("title", "channel"), [
    ("Energy delivered", "wh"), ("Energy received", "received_wh"),
])  # fmt: skip
def test_every_known_hour_is_in_the_block_of_its_day_and_no_other(title: str, channel: str) -> None:
    world = World()
    told = {
        int(hour.start.timestamp()): getattr(hour, channel)
        for day in world.days(SOLAR, SPRING, world.today)
        for hour in day.hours
        if day.day < world.today and hour.wh is not None
    }
    written = {}
    for day, entry in blocks(usage(SOLAR), title).items():
        for reading in entry.findall(".//e:IntervalReading", NAMES):
            start, value = (int(texts(reading, f".//e:{name}")[0]) for name in ("start", "value"))
            assert f"{datetime.fromtimestamp(start, CENTRAL):%Y-%m-%d}" == day
            written[start] = value
    assert written == told


@pytest.mark.parametrize(
    ("file", "day", "seconds", "hours"),
    [
        (usage, "2026-03-07", 86_400, 24),
        (usage, "2026-03-08", 82_800, 23),
        (lambda _: autumn(), "2025-11-02", 90_000, 25),
    ],
    ids=["ordinary", "clocks moved on", "clocks moved back"],
)
def test_a_block_is_as_long_as_its_local_day(
    file: object, day: str, seconds: int, hours: int
) -> None:
    entry = blocks(file(SOLAR), "Energy delivered")[day]  # type: ignore[operator]
    midnight = int(
        datetime.combine(date.fromisoformat(day), datetime.min.time(), CENTRAL).timestamp()
    )
    assert texts(entry, ".//e:interval/e:start") == [str(midnight)]
    assert texts(entry, ".//e:interval/e:duration") == [str(seconds)]
    missing = hours - len(texts(entry, ".//e:value"))
    declared = texts(entry, "a:summary")
    assert declared == (
        [f"{hours - missing} of {hours} intervals have a value."] if missing else []
    )


def test_an_hour_without_a_value_is_absent_and_counted() -> None:
    world = World()
    short = {
        f"{day.day}": sum(hour.wh is not None for hour in day.hours)
        for number in (HOUSE, SOLAR)
        for day in world.days(number, SPRING, world.today)
        if number == SOLAR and sum(hour.wh is None for hour in day.hours) > 0
    }
    told = {
        day: texts(entry, "a:summary")[0]
        for day, entry in blocks(usage(SOLAR), "Energy delivered").items()
        if texts(entry, "a:summary")
    }
    assert told == {day: f"{count} of 24 intervals have a value." for day, count in short.items()}
    assert told


def test_central_time_is_told_as_its_published_rules() -> None:
    (clock,) = tree(usage(NEW)).getroot().findall(".//e:LocalTimeParameters", NAMES)
    told = {etree.QName(field).localname: field.text for field in clock}
    assert told == {
        "dstEndRule": "B40E2000",
        "dstOffset": "3600",
        "dstStartRule": "360E2000",
        "tzOffset": "-21600",
    }


def test_a_bill_is_a_summary_with_its_energy_and_lines() -> None:
    world = World()
    for bill in world.bills(SOLAR)[:3]:
        (entry,) = (
            entry
            for entry in tree(usage(SOLAR)).getroot().findall("a:entry", NAMES)
            if texts(entry, "a:title") == [f"Bill of {bill.billing_date}"]
        )
        owed = [Decimal(text) / 100_000 for text in texts(entry, ".//e:billLastPeriod")]
        assert owed == [bill.current_charges]
        assert texts(entry, ".//e:overallConsumptionLastPeriod/e:value") == [f"{bill.kwh * 1000}"]
        start, end = (
            int(datetime.combine(day, datetime.min.time(), CENTRAL).timestamp())
            for day in (bill.service_from, bill.service_to)
        )
        assert texts(entry, ".//e:billingPeriod/e:start") == [str(start)]
        assert texts(entry, ".//e:billingPeriod/e:duration") == [str(end - start)]
        lines = texts(entry, ".//e:costAdditionalDetailLastPeriod/e:amount")
        assert [Decimal(line) / 100_000 for line in lines] == [line.amount for line in bill.lines]


def test_averaged_hours_are_estimated_and_hours_in_doubt_questionable(tmp_path: Path) -> None:
    world, first = World(), date(2026, 6, 1)
    desk = Desk(tmp_path / "home", HOUSE)
    desk.take(Visit(world, HOUSE, first).usage())
    days = world.days(HOUSE, first, world.today)
    averaged = {f"{day.day}" for day in days if day.quality == "estimated"}
    assert averaged == {"2026-06-10", "2026-06-13"}
    doubt = Finding(HOUSE, "spike", "2026-06-03", "An hour is far above all others.")
    since = datetime(2026, 6, 15, tzinfo=CENTRAL)
    desk.catalog.replace_findings(desk.account, "days", [(doubt, since)], {"2026-06-03"})
    (file,) = write(desk.store, desk.catalog.accounts(), None, tmp_path / "out")
    told = {
        day: set(texts(entry, ".//e:IntervalReading/e:ReadingQuality/e:quality"))
        for day, entry in blocks(file, "Energy delivered").items()
    }
    assert {day for day, codes in told.items() if "8" in codes} == averaged
    assert told["2026-06-03"] == {"14", "10"}
    assert told["2026-06-04"] == {"14"}


def test_the_same_data_gives_the_same_bytes_and_another_home_other_ids(tmp_path: Path) -> None:
    first = usage(NEW)
    accounts = [entry for entry in home().catalog.accounts() if entry.number == NEW]
    (again,) = write(home(), accounts, None, tmp_path)
    assert again.name == first.name
    assert again.read_bytes() == first.read_bytes()
    desk = Desk(folder(), NEW)
    desk.take(Visit(World(), NEW, SPRING, listed=3).artifacts())
    (other,) = write(desk.store, desk.catalog.accounts(), None, tmp_path)
    ids = [set(texts(tree(file).getroot(), "a:entry/a:id")) for file in (first, other)]
    assert len(ids[0]) == len(ids[1])
    assert not ids[0] & ids[1]


def test_files_and_salt_are_for_their_owner_only() -> None:
    for file in (usage(NEW), home().home / "greenbutton.salt"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_usage_tells_no_number_name_address_or_meter() -> None:
    world = World()
    content = usage(HOUSE).read_text(encoding="utf-8")
    account = world.account(HOUSE)
    secrets = [HOUSE, account.service_address, account.holder]
    secrets += [meter.number for meter in world.meters(HOUSE)]
    assert [secret for secret in secrets if secret in content or secret in usage(HOUSE).name] == []


@needs_schemas
def test_who_it_is_comes_in_a_file_of_its_own_when_asked_for(tmp_path: Path) -> None:
    accounts = [entry for entry in home().catalog.accounts() if entry.number == HOUSE]
    files = write(home(), accounts, None, tmp_path, customer=True)
    assert [file.suffix for file in files] == [".xml", ".xml", ".pdf", ".pdf", ".pdf"]
    customer = tree(files[1])
    for schema in ("4.0/all_espi.xsd", "4.0/customer.xsd"):
        etree.XMLSchema(etree.parse(str(SCHEMAS / schema))).assertValid(customer)
    told = {etree.QName(node).localname: node.text for node in customer.iter() if node.text}
    assert told["accountId"] == HOUSE
    urls = [node.text for node in customer.iter() if node.tag.endswith("statementURL")]
    assert all((tmp_path / str(url)).read_bytes().startswith(b"%PDF-") for url in urls)
    assert len(urls) == 3


def test_a_window_holds_its_days_only(tmp_path: Path) -> None:
    accounts = [entry for entry in home().catalog.accounts() if entry.number == NEW]
    window = Window(date(2026, 6, 1), date(2026, 6, 4))
    (file,) = write(home(), accounts, window, tmp_path)
    assert sorted(blocks(file, "Energy delivered")) == ["2026-06-01", "2026-06-02", "2026-06-03"]


def test_nothing_to_write_is_a_failure_and_no_empty_file(tmp_path: Path) -> None:
    window = Window(date(2001, 1, 1), date(2001, 2, 1))
    with pytest.raises(Misconfigured, match="has no hours and no bills") as told:
        write(home(), home().catalog.accounts(), window, tmp_path)
    assert told.value.state is State.NO_DATA
    assert list(tmp_path.iterdir()) == []


def test_as_of_a_run_hours_are_as_they_were_told_then(tmp_path: Path) -> None:
    first, soon, later = date(2026, 5, 8), date(2026, 5, 14), date(2026, 5, 20)
    (revision,) = (r for r in World().revisions(HOUSE) if r.visible_from <= soon < r.visible_until)
    assert first <= revision.earlier.day
    desk = Desk(tmp_path / "home", HOUSE)
    desk.take(Visit(World(today=soon), HOUSE, first).usage())
    (before,) = write(desk.store, desk.catalog.accounts(), None, tmp_path / "before")
    run = desk.run
    desk.run = desk.catalog.begin_run("caec", "member", "run", datetime.now(CENTRAL))
    desk.take(Visit(World(today=later), HOUSE, first).usage())
    (now,) = write(desk.store, desk.catalog.accounts(), None, tmp_path / "now")
    (then,) = write(desk.store, desk.catalog.accounts(), None, tmp_path / "then", as_of=run)
    day = f"{revision.earlier.day}"
    told = [
        texts(blocks(file, "Energy delivered")[day], ".//e:value") for file in (before, then, now)
    ]
    assert told[0] == told[1] == [f"{hour.wh}" for hour in revision.earlier.hours]
    assert told[2] != told[0]
    assert sorted(blocks(then, "Energy delivered")) == sorted(blocks(before, "Energy delivered"))
