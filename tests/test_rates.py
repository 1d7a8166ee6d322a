"""Schedules are compared to the cent, period by period, and what is not known is said.

Expected amounts are the sandbox's own bills, or are worked out by hand from published prices.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from simulated import statement

from harvester.cli import main, rates
from harvester.errors import State
from harvester.model import (
    Component,
    Direction,
    LineItem,
    Quality,
    Reading,
    Statement,
)
from harvester.profile import load
from harvester.sandbox.world import ZONE, World
from harvester.tariff import Learned, compare, learn
from harvester.tariff.comparison import Cost, Option, Period
from harvester.tariff.data import Tariff

D = Decimal
HERE = ZoneInfo(ZONE)
WORLD = World()
SMALL, MEDIUM, LIT = "1000303001", "1000303002", "1000303003"
IN_FORCE = date(2026, 6, 4)


def tariff() -> Tariff:
    found = load("caec").tariff
    assert found is not None
    return found


TARIFF = tariff()


def bills(number: str) -> list[Statement]:
    return [statement(WORLD, bill) for bill in WORLD.bills(number)]


def everyone() -> Learned:
    return learn(
        statement(WORLD, bill)
        for sign_in in WORLD.sign_ins
        for account in sign_in.accounts
        for bill in WORLD.bills(account.number)
    )


LEARNED = everyone()


def readings(number: str, first: date, last: date) -> Iterator[Reading]:
    """Yield the sandbox's hours of days first..last."""
    for day in WORLD.days(number, first, last):
        for hour in day.hours:
            yield reading(
                hour.start,
                hour.wh,
                estimated=hour.quality == "estimated",
                day=day.day,
                account=number,
            )


def reading(
    start: datetime,
    wh: int | None,
    *,
    day: date,
    estimated: bool = False,
    account: str = "1",
    meter: str = "M",
    seconds: int = 3600,
    direction: Direction = Direction.DELIVERED,
) -> Reading:
    return Reading(
        account=account,
        meter=meter,
        direction=direction,
        start=start,
        seconds=seconds,
        wh=wh,
        quality=Quality.ESTIMATED if estimated else Quality.RAW,
        reason=State.NO_DATA if wh is None else None,
        label="",
        ordinal=0,
        local_day=day,
        utc_offset=0,
    )


def hours(first: date, days: int, wh: int) -> list[Reading]:
    """Return every hour of so many local days, each of `wh`."""
    midnight = datetime(first.year, first.month, first.day, tzinfo=HERE).astimezone(UTC)
    last = first + timedelta(days=days)
    end = datetime(last.year, last.month, last.day, tzinfo=HERE).astimezone(UTC)
    count = int((end - midnight).total_seconds() // 3600)
    starts = [midnight + n * timedelta(hours=1) for n in range(count)]
    return [reading(start, wh, day=start.astimezone(HERE).date()) for start in starts]


def bare(since: date, days: int, kwh: str, **values: object) -> Statement:
    until = since + timedelta(days=days)
    told = Statement("1", "hand@1", until, service_from=since, service_to=until, days=days)
    return replace(told, kwh=D(kwh), **values)  # type: ignore[arg-type]


def rate(
    statements: Iterable[Statement],
    told: Iterable[Reading] = (),
    learned: Learned | None = None,
    kind: str | None = None,
) -> list[Period]:
    return compare(statements, told, TARIFF, learned or Learned(), zone=HERE, kind=kind)


def option(period: Period, schedule: str) -> Option:
    return next(o for o in period.options if o.schedule == schedule)


@pytest.mark.parametrize(
    ("kwh", "small", "medium"), [("1000", "201.59", "192.00"), ("1250", "239.53", "224.32")]
)
def test_thirty_days_without_a_printed_line_cost_what_was_worked_out_by_hand(
    kwh: str, small: str, medium: str
) -> None:
    (period,) = rate([bare(IN_FORCE, 30, kwh)])
    assert option(period, "Small Power").cost.before_tax == D(small)
    assert option(period, "Medium Power").cost.before_tax == D(medium)
    assert option(period, "Small Power").prices == "published"
    assert (period.pca, period.pca_from) == (D("-0.00067"), "published")
    assert period.billed is None


def test_tax_is_added_by_brackets() -> None:
    (period,) = rate([bare(IN_FORCE, 30, "1000")])
    # 4 % of 201.59 is 8.0636, of 192.00 is 7.68
    assert option(period, "Small Power").cost == Cost(D("201.59"), D("8.06"))
    assert option(period, "Medium Power").cost.after_tax == D("199.68")
    (large,) = rate([bare(IN_FORCE, 30, "500000")])
    # 62.70 + 21,225.00 + 43,760.00 - 335.00 = 64,712.70; 2,200 + 2 % of 4,712.70 = 2,294.254
    assert option(large, "Medium Power").cost == Cost(D("64712.70"), D("2294.25"))


@pytest.mark.parametrize(
    ("number", "schedule"),
    [(SMALL, "Small Power"), (MEDIUM, "Medium Power"), (LIT, "Small Power")],
)
def test_an_accounts_own_schedule_costs_what_was_billed(number: str, schedule: str) -> None:
    """Lights included; of a corrected bill and the one before, the last issued counts."""
    periods = rate(bills(number), learned=LEARNED)
    truth = {bill.service_from: bill for bill in reversed(WORLD.bills(number))}
    assert len(periods) == len(truth) > 24
    for period in periods:
        bill = truth[period.use.window.start]
        tax = sum(line.amount for line in bill.lines if line.component == "tax")
        assert period.billed == Cost(bill.current_charges - tax, tax)
        assert option(period, schedule).cost == period.billed
        assert (period.use.days, period.use.kwh) == (bill.days, D(bill.kwh))
        assert period.rate == schedule
        assert period.pca_from == "this bill"


def test_before_the_published_prices_those_of_bills_are_used_else_the_nearest() -> None:
    one = bills(SMALL)[12]
    (known,) = rate([one], learned=LEARNED)
    assert {o.prices for o in known.options} == {"bills of the time"}
    (alone,) = rate([one], learned=learn([one]))
    assert option(alone, "Small Power").prices == "bills of the time"
    assert option(alone, "Medium Power").prices == "published for 2026-06-04"
    assert [o.cost for o in alone.options] == [o.cost for o in known.options]


def test_a_price_that_changes_within_a_period_counts_by_days() -> None:
    data = TARIFF.model_dump(mode="json")
    new = {"component": "access", "per": "day", "price": "2.66", "valid_from": "2026-06-14"}
    data["schedules"][0]["prices"].append(new)
    told = Tariff.model_validate(data)
    (period,) = compare([bare(IN_FORCE, 30, "0")], [], told, Learned(), zone=HERE)
    # 10 days at 1.66 and 20 at 2.66
    assert option(period, "Small Power").cost.before_tax == D("69.80")


def test_the_adjustment_is_that_of_the_periods_own_bill() -> None:
    line = LineItem("PCA", Component.PCA, D(1000), "kWh", D("0.00500"), D("5.00"), 1, 0, 0)
    (period,) = rate([bare(IN_FORCE, 30, "1000", lines=(line,))])
    # 49.80 + 59.09 + 93.37 + 5.00, and no tax where the bill has none
    assert option(period, "Small Power").cost == Cost(D("207.26"), D(0))


def test_small_power_is_for_less_than_its_limits_and_said_to_be_unknown_without_all_hours() -> None:
    below = hours(IN_FORCE, 30, 1300)  # 30 days of 1.3 kW
    for kwh, told, may in (
        ("936", below, True),
        ("1499", below, True),
        ("1500", below, False),
        ("936", below[:-1], None),
        ("936", [], None),
        ("936", [*below[:-1], replace(below[-1], wh=None)], None),
        ("936", [*below[:-1], replace(below[-1], quality=Quality.ESTIMATED)], None),
        ("936", [*below[:-1], replace(below[-1], wh=9_990)], True),
        ("936", [*below[:-1], replace(below[-1], wh=10_000)], False),
        ("936", [replace(below[-1], wh=10_000)], False),
    ):
        (period,) = rate([bare(IN_FORCE, 30, kwh)], told)
        assert option(period, "Small Power").eligible is may, (kwh, len(told))
    assert option(period, "Small Power").why == "an hour of 10 kW, must be below 10"


def test_medium_power_depends_on_what_usage_cannot_tell() -> None:
    (period,) = rate([bare(IN_FORCE, 30, "936")])
    assert option(period, "Medium Power").eligible is None
    assert option(period, "Medium Power").why == "only if single-phase up to 400 A"


@pytest.mark.parametrize(
    ("kind", "may"), [("Residential", False), ("Commercial", True), ("Commercial - 3", True)]
)
def test_business_rates_are_for_business_accounts(kind: str, may: bool) -> None:  # noqa: FBT001
    told = hours(IN_FORCE, 30, 1000)
    (period,) = rate([bare(IN_FORCE, 30, "720")], told, kind=kind)
    assert option(period, "Small Power").eligible is may


def test_half_hours_and_several_meters_are_added_up_to_an_hours_average() -> None:
    told = hours(IN_FORCE, 30, 1000)
    first = told[0]
    halves = [
        replace(first, wh=4500, seconds=1800),
        replace(first, wh=5400, seconds=1800, start=first.start + timedelta(minutes=30)),
    ]
    (period,) = rate([bare(IN_FORCE, 30, "720")], [*halves, *told[1:]])
    assert period.use.peak_kw == D("9.9")
    assert option(period, "Small Power").eligible is True
    other = replace(first, meter="N", wh=9000)
    (period,) = rate([bare(IN_FORCE, 30, "720")], [*told, other])
    assert period.use.peak_kw == 10
    assert option(period, "Small Power").eligible is False


def test_received_energy_is_no_demand() -> None:
    told = hours(IN_FORCE, 30, 1000)
    back = [replace(one, direction=Direction.RECEIVED, wh=20_000) for one in told]
    assert rate([], [*told, *back]) == rate([], told)


def test_without_bills_months_are_those_of_the_calendar_and_of_complete_days() -> None:
    told = hours(date(2025, 10, 20), 20, 1000)
    gap = [one for one in told if not (one.local_day.day == 25 and one.start.hour in {12, 13})]
    october, november = rate([], gap)
    assert (october.use.window.start, october.use.window.end) == (
        date(2025, 10, 20),
        date(2025, 11, 1),
    )
    assert (october.use.days, october.use.kwh, october.use.missing_hours) == (11, D(264), 2)
    # 2 November has 25 hours: 7 x 24 + 25
    assert (november.use.days, november.use.kwh, november.use.missing_hours) == (8, D(193), 0)
    assert not october.use.from_bill
    assert october.billed is None
    # 11 x 1.66 = 18.26; 264 x 0.05909 = 15.59976; 264 x 0.09337 = 24.64968; -0.17688
    assert option(october, "Small Power").cost.before_tax == D("58.33")
    assert option(october, "Small Power").eligible is None


def test_days_that_no_bill_covers_follow_the_bills() -> None:
    newest = bills(SMALL)[0]
    assert newest.service_to is not None
    told = readings(SMALL, newest.service_to - timedelta(days=5), WORLD.today)
    periods = rate(bills(SMALL), told, LEARNED)
    assert [period.use.from_bill for period in periods[-2:]] == [True, False]
    rest = periods[-1].use
    assert rest.window.start == newest.service_to
    truth = [
        day for day in WORLD.days(SMALL, newest.service_to, WORLD.today) if day.quality == "true"
    ]
    assert rest.days == len(truth)
    assert rest.kwh * 1000 == sum(hour.wh or 0 for day in truth for hour in day.hours)


def test_a_silent_day_counts_as_missing() -> None:
    told = readings(MEDIUM, date(2025, 9, 1), date(2025, 9, 30))
    (september,) = rate([], told)
    truth = [
        hour
        for day in WORLD.days(MEDIUM, date(2025, 9, 1), date(2025, 9, 30))
        for hour in day.hours
    ]
    missing = sum(hour.wh is None for hour in truth)
    assert missing >= 1
    assert september.use.missing_hours == missing + 30 * 24 - len(truth)
    assert september.use.days < 30


def test_nothing_known_gives_no_period() -> None:
    assert rate([]) == []
    assert rate([Statement("1", "none@0", kwh=D(5)), bare(IN_FORCE, 0, "5")]) == []


def test_the_json_has_every_figure_as_a_decimal_string() -> None:
    periods = rate(bills(SMALL), learned=LEARNED, kind="Commercial")
    told = rates.comparison(SMALL, TARIFF, periods)
    assert json.loads(json.dumps(told)) == json.loads(json.dumps(told, default=str))
    first, bill = told["periods"][0], WORLD.bills(SMALL)[-1]
    tax = bill.lines[-1].amount
    billed = {
        "before_tax": f"{bill.current_charges - tax}",
        "tax": f"{tax}",
        "after_tax": f"{bill.current_charges}",
    }
    assert first["billed"] == first["options"][0]["cost"] == billed
    assert (first["from"], first["until"]) == (f"{bill.service_from}", f"{bill.service_to}")
    whole = sum((bill.current_charges for bill in WORLD.bills(SMALL)), D(0))
    assert told["total"]["billed"]["after_tax"] == f"{whole}"
    assert told["total"]["options"]["Small Power"]["after_tax"] == f"{whole}"


def test_notes_say_what_the_figures_are_based_on() -> None:
    newest = bills(SMALL)[0]
    assert newest.service_to is not None
    told = hours(newest.service_to, 3, 1000)[:-2]
    said = list(rates.notes(TARIFF, rate(bills(SMALL), told, LEARNED)))
    until = newest.service_to + timedelta(days=3)
    assert f"Until {until} there is no bill: 2 complete days of 3; hours missing: 2." in said
    assert said[-1].startswith("Not public, so not compared: residential rates")
    assert any(line.startswith("Small Power: no for ") for line in said) == any(
        bill.kwh >= 1500 for bill in WORLD.bills(SMALL)
    )


def test_published_prices_stand_beside_those_of_bills() -> None:
    rows = {(row["rate"], row["component"]): row for row in rates.price_rows(TARIFF, LEARNED)}
    small = rows["Small Power", "access"]
    assert [price["price"] for price in small["published"]] == ["1.66"]
    (run,) = small["bills"]
    assert (run["price"], run["contradicted"]) == ("1.66", False)
    count = sum(
        len(WORLD.bills(account.number))
        for sign_in in WORLD.sign_ins
        for account in sign_in.accounts
        if account.rate == "Small Power"
    )
    assert run["bills"] == count
    home = rows["Residential", "access"]
    assert home["published"] == []
    assert [run["price"] for run in home["bills"]] == ["1.15"]


def test_published_prices_are_shown_before_anything_came_home(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rates", "show", "--home", f"{tmp_path}/home"]) == 0
    said = capsys.readouterr().out
    assert "Central Alabama Electric Cooperative" in said
    assert "0.05909" in said
    assert "4% above $0, 3% above $40,000, 2% above $60,000" in said
    assert "Not public: residential rates" in said


def test_what_cannot_be_compared_is_said(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", f"{tmp_path}/home"]
    assert main(["rates", "compare", "1000303001", *home]) == 16
    assert "has no account for '1000303001'" in capsys.readouterr().err
    assert main(["rates", "show", "union-power", *home]) == 11
    assert "Profile union-power has no published rates" in capsys.readouterr().err
