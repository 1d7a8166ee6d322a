"""Each fault that a schema lets pass is found and named, and a clean file has none."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
from desk import Desk
from exported import HOUSE, NAMES, NEW, SCHEMAS, SOLAR, autumn, needs_schemas, tree, usage
from lxml import etree
from simulated import Visit

from harvester.export.greenbutton import write
from harvester.greenbutton.reader import CUSTOMER
from harvester.greenbutton.rules import RULES
from harvester.greenbutton.schemas import Schemas
from harvester.greenbutton.validate import Report, validate
from harvester.sandbox.world import World

Root = etree._Element


def report(root: Root, schemas: Schemas | None = None) -> Report:
    return validate(io.BytesIO(etree.tostring(root)), schemas)


def of(root: Root, kind: str, place: int = 0) -> Root:
    """Return the entry of a resource."""
    found = root.findall(f"a:entry/a:content/e:{kind}", NAMES)[place]
    return found.getparent().getparent()


def put(root: Root, kind: str, path: str, text: str, place: int = 0) -> None:
    of(root, kind, place).find(path, NAMES).text = text


def moved(root: Root, path: str, by: Callable[[int], int]) -> None:
    for node in root.findall(path, NAMES):
        node.text = str(by(int(node.text)))


def whole_day(root: Root, count: int = 24) -> Root:
    """Return the entry of a day that has all of its hours."""
    return next(
        of(root, "IntervalBlock", place)
        for place in range(40)
        if len(of(root, "IntervalBlock", place).findall(".//e:IntervalReading", NAMES)) == count
    )


def readings(root: Root) -> list[Root]:
    return whole_day(root).findall(".//e:IntervalReading", NAMES)


def gap(root: Root) -> None:
    seventh = readings(root)[7]
    seventh.getparent().remove(seventh)


def overlap(root: Root) -> None:
    readings(root)[7].find(".//e:start", NAMES).text = (
        readings(root)[6].find(".//e:start", NAMES).text
    )


def order(root: Root) -> None:
    seventh = readings(root)[7]
    seventh.getparent().append(seventh)


def outside_block(root: Root) -> None:
    moved(whole_day(root), ".//e:interval/e:duration", lambda seconds: seconds - 3600)


def no_value(root: Root) -> None:
    value = readings(root)[7].find("e:value", NAMES)
    value.getparent().remove(value)


def negative(root: Root) -> None:
    readings(root)[7].find("e:value", NAMES).text = "-1230"


def quality(root: Root) -> None:
    readings(root)[7].find(".//e:quality", NAMES).text = "3"


def interval_length(root: Root) -> None:
    put(root, "ReadingType", ".//e:intervalLength", "900")


def duplicate_block(root: Root) -> None:
    again = deepcopy(whole_day(root))
    again.find("a:id", NAMES).text = "urn:uuid:0d5f7bb6-8d0c-5a44-9e0c-0d9f4dd1b8a5"
    again.find("a:link[@rel='self']", NAMES).set("href", "/another")
    root.append(again)


def block_overlap(root: Root) -> None:
    put(root, "IntervalBlock", ".//e:interval/e:duration", "100800", place=30)


def day_length(root: Root) -> None:
    short = whole_day(root, 23)
    short.find(".//e:interval/e:duration", NAMES).text = "86400"
    short.find("a:title", NAMES).text = "a day"


def local_time(root: Root) -> None:
    moved(root, ".//e:IntervalBlock//e:start", lambda start: start - 18_000)


def kilowatt_hours(root: Root) -> None:
    moved(root, ".//e:IntervalReading/e:value", lambda value: round(value / 1000))


def summary_in_kilowatt_hours(root: Root) -> None:
    moved(root, ".//e:overallConsumptionLastPeriod/e:value", lambda value: round(value / 1000))


def future(root: Root) -> None:
    root.find("a:updated", NAMES).text = "2026-05-01T00:00:00Z"


def uuid_of_chance(root: Root) -> None:
    put(root, "UsagePoint", "a:id", "urn:uuid:7d444840-9dc0-41d1-b245-5ffdce74fad2")


def no_uuid(root: Root) -> None:
    put(root, "UsagePoint", "a:id", "usage-point-1")


def duplicate_id(root: Root) -> None:
    put(root, "UsagePoint", "a:id", of(root, "MeterReading").find("a:id", NAMES).text)


def self_link(root: Root) -> None:
    link = whole_day(root).find("a:link[@rel='self']", NAMES)
    link.set("href", of(root, "UsagePoint").find("a:link[@rel='self']", NAMES).get("href"))


def orphan(root: Root) -> None:
    whole_day(root).find("a:link[@rel='up']", NAMES).set("href", "/nowhere/IntervalBlock")


def no_reading_type(root: Root) -> None:
    entry = of(root, "MeterReading")
    entry.remove(entry.findall("a:link[@rel='related']", NAMES)[1])


def wrong_direction(root: Root) -> None:
    put(root, "ReadingType", ".//e:flowDirection", "1", place=1)


def no_direction(root: Root) -> None:
    put(root, "ReadingType", ".//e:flowDirection", "0")


def watts(root: Root) -> None:
    put(root, "ReadingType", ".//e:uom", "38")


def stamps(root: Root) -> None:
    put(root, "UsagePoint", "a:updated", "2001-01-01T00:00:00Z")


def no_local_time(root: Root) -> None:
    root.remove(of(root, "LocalTimeParameters"))


def no_month(root: Root) -> None:
    put(root, "LocalTimeParameters", ".//e:dstStartRule", "060E2000")


def no_rule(root: Root) -> None:
    put(root, "LocalTimeParameters", ".//e:dstEndRule", "FFFFFFFF")


def hours_for_seconds(root: Root) -> None:
    put(root, "LocalTimeParameters", ".//e:tzOffset", "-6")


def dollars(root: Root) -> None:
    for name in ("billLastPeriod", "costAdditionalDetailLastPeriod/e:amount"):
        moved(root, f".//e:{name}", lambda amount: round(amount / 100_000))


def cents(root: Root) -> None:
    for name in ("billLastPeriod", "costAdditionalDetailLastPeriod/e:amount"):
        moved(root, f".//e:{name}", lambda amount: round(amount / 1000))


def bill_lines(root: Root) -> None:
    moved(of(root, "UsageSummary"), ".//e:billLastPeriod", lambda amount: amount + 2_000_000)


def no_currency(root: Root) -> None:
    money = of(root, "UsageSummary").find(".//e:currency", NAMES)
    money.getparent().remove(money)


def named(title: str) -> Callable[[Root], None]:
    return lambda root: put(root, "UsagePoint", "a:title", title)


def note(root: Root) -> None:
    put(root, "UsageSummary", ".//e:note", "Energy at 12 Sample Road, Prattville")


def customer(root: Root) -> None:
    entry = deepcopy(of(root, "UsagePoint"))
    entry.find("a:id", NAMES).text = "urn:uuid:0d5f7bb6-8d0c-5a44-9e0c-0d9f4dd1b8a5"
    entry.find("a:link[@rel='self']", NAMES).set("href", "/another")
    content = entry.find("a:content", NAMES)
    content.remove(content[0])
    etree.SubElement(content, f"{{{CUSTOMER}}}Customer")
    root.append(entry)


FAULTS = [
    ("gap", gap),
    ("overlap", overlap),
    ("order", order),
    ("outside-block", outside_block),
    ("no-value", no_value),
    ("negative", negative),
    ("quality", quality),
    ("interval-length", interval_length),
    ("duplicate-block", duplicate_block),
    ("block-overlap", block_overlap),
    ("day-length", day_length),
    ("local-time", local_time),
    ("energy-scale", kilowatt_hours),
    ("energy-scale", summary_in_kilowatt_hours),
    ("future", future),
    ("uuid", uuid_of_chance),
    ("uuid", no_uuid),
    ("duplicate-id", duplicate_id),
    ("self-link", self_link),
    ("orphan", orphan),
    ("reading-type", no_reading_type),
    ("flow-direction", wrong_direction),
    ("flow-direction", no_direction),
    ("uom", watts),
    ("stamps", stamps),
    ("no-local-time", no_local_time),
    ("dst-rule", no_month),
    ("dst-rule", no_rule),
    ("tz-offset", hours_for_seconds),
    ("cost-scale", dollars),
    ("cost-scale", cents),
    ("bill-lines", bill_lines),
    ("currency", no_currency),
    ("personal-data", named("12 Sample Road")),
    ("personal-data", named("Home of jo@example.org")),
    ("personal-data", named("Account 1000101001")),
    ("personal-data", named("Call (334) 555-0123")),
    ("personal-data", note),
    ("customer-data", customer),
]
ALONG = {
    "overlap": {"gap"},  # an hour told twice leaves that of its own
    "outside-block": {"day-length"},
    "no-value": set(),
    "interval-length": {"gap"},
    "block-overlap": {"gap"},
    "day-length": {"gap", "block-overlap"},
    "duplicate-id": set(),
}
"""What is wrong too, once this is."""


@pytest.mark.parametrize(("rule", "spoil"), FAULTS, ids=[spoil.__name__ for _, spoil in FAULTS])
def test_a_fault_is_found_and_named_and_nothing_else(
    rule: str, spoil: Callable[[Root], None]
) -> None:
    root = tree(usage(SOLAR)).getroot()
    spoil(root)
    found = set(report(root).counts)
    assert rule in found
    assert found <= {rule} | ALONG.get(rule, set())


def test_every_rule_has_a_fault_that_it_finds() -> None:
    assert {rule for rule, _ in FAULTS} == set(RULES)


@needs_schemas
def test_most_faults_are_nothing_to_the_schema() -> None:
    schemas, passed = Schemas(SCHEMAS), set()
    for rule, spoil in FAULTS:
        root = tree(usage(SOLAR)).getroot()
        spoil(root)
        if report(root, schemas).valid == ["4.0", "3.3.1"]:
            passed.add(rule)
    assert len(passed) >= 21


@needs_schemas
@pytest.mark.parametrize("number", [HOUSE, SOLAR, NEW])
def test_a_clean_file_with_bills_has_nothing_wrong(number: str) -> None:
    found = report(tree(usage(number)).getroot(), Schemas(SCHEMAS))
    assert (found.faults, found.valid, found.invalid) == ([], ["4.0", "3.3.1"], {})
    assert found.is_clean


def test_the_days_on_which_clocks_are_moved_back_are_clean() -> None:
    assert report(tree(autumn()).getroot()).faults == []


def test_no_export_of_any_sandbox_account_has_anything_wrong(tmp_path: Path) -> None:
    world = World()
    numbers = [a.number for sign_in in world.sign_ins for a in sign_in.accounts]
    for number in numbers:
        desk = Desk(tmp_path / "home", number)
        desk.take(Visit(world, number, date(2026, 6, 1)).usage())
    files = write(desk.store, desk.catalog.accounts(), None, tmp_path / "out")
    assert len(files) == len(set(numbers)) > 30
    assert {file.name: report(tree(file).getroot()).faults for file in files} == {
        file.name: [] for file in files
    }


def test_faults_say_nothing_of_what_they_found() -> None:
    root = tree(usage(SOLAR)).getroot()
    put(root, "UsagePoint", "a:title", "jo@example.org")
    put(root, "UsagePoint", "a:id", "account-1000101001")
    told = repr(report(root).faults)
    assert "example" not in told
    assert "1000101001" not in told


@needs_schemas
def test_a_wrong_element_is_told_by_version_without_its_value() -> None:
    root = tree(usage(NEW)).getroot()
    put(root, "ReadingType", ".//e:uom", "secret-4711")
    found = report(root, Schemas(SCHEMAS))
    assert set(found.invalid) == {"4.0", "3.3.1"}
    assert all("uom" in what and "4711" not in what for what in found.invalid.values())
    assert not found.is_clean
