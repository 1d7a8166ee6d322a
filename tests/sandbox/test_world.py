"""The simulated co-op obeys the rules that real utility data obeys, and never changes its past."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from harvester.sandbox.rates import TARIFFS, charges
from harvester.sandbox.truth import account_truth, truth
from harvester.sandbox.world import TODAY, Day, World

HOME, SOLAR, SMALL = "1000101001", "1000202001", "1000303001"
MEDIUM, CORRECTED, CAMPUS, NEW = "1000303002", "1000303003", "1000404028", "1000505001"
EACH = (HOME, SOLAR, SMALL, MEDIUM, CORRECTED, CAMPUS, NEW)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def the_day(world: World, number: str, day: date) -> Day:
    (found,) = world.days(number, day, day)
    return found


def missing(day: Day) -> list[int]:
    return [n for n, hour in enumerate(day.hours) if hour.quality == "missing"]


@pytest.mark.parametrize(
    ("rate", "kwh", "before_tax"),
    [
        ("Small Power", 1000, "201.59"),
        ("Medium Power", 1000, "192.00"),
        ("Small Power", 1250, "239.53"),
        ("Medium Power", 1250, "224.32"),
    ],
)
def test_thirty_days_at_the_published_rates_cost_the_check_figures(
    rate: str, kwh: int, before_tax: str
) -> None:
    lines = charges(TARIFFS[rate], 30, kwh, None, ())
    assert sum(line.amount for line in lines if line.component != "tax") == Decimal(before_tax)
    assert not any("assumed" in line.label for line in lines)


def test_tax_is_four_percent_of_the_charges_rounded_half_up() -> None:
    *_, tax = charges(TARIFFS["Small Power"], 30, 1250, None, ())
    assert tax.amount == Decimal("9.58")  # 239.53 * 0.04 = 9.5812
    *_, tax = charges(TARIFFS["Medium Power"], 30, 1250, None, ["Light"])
    assert tax.amount == Decimal("9.47")  # (224.32 + 12.50) * 0.04 = 9.4728


@pytest.mark.parametrize(
    ("day", "first", "hours"),
    [
        (date(2024, 11, 3), datetime(2024, 11, 3, 5, tzinfo=UTC), 25),
        (date(2025, 3, 9), datetime(2025, 3, 9, 6, tzinfo=UTC), 23),
        (date(2025, 11, 2), datetime(2025, 11, 2, 5, tzinfo=UTC), 25),
        (date(2026, 3, 8), datetime(2026, 3, 8, 6, tzinfo=UTC), 23),
        (date(2026, 3, 9), datetime(2026, 3, 9, 5, tzinfo=UTC), 24),
    ],
)
def test_a_local_day_has_every_hour_between_its_midnights(
    world: World, day: date, first: datetime, hours: int
) -> None:
    starts = [hour.start for hour in the_day(world, SMALL, day).hours]
    assert starts == [first + timedelta(hours=n) for n in range(hours)]


def test_hours_add_up_to_the_day_and_days_to_the_register(world: World) -> None:
    for number in (HOME, SOLAR, SMALL, MEDIUM):
        multiplier = world.account(number).multiplier
        end: dict[tuple[str, date], int] = {}
        for day in world.days(number, date.min, date.max):
            told = [hour.wh for hour in day.hours if hour.wh is not None]
            assert all(wh >= 0 and wh % 10 == 0 for wh in told)
            if day.total_kwh is not None and len(told) == len(day.hours):
                kwh = Decimal(sum(told)) / 1000
                assert day.total_kwh == kwh.quantize(Decimal(1), ROUND_HALF_UP)
            elif day.total_kwh is not None:
                assert day.total_kwh > Decimal(sum(told)) / 1000 - 1
            if day.end_reading is not None:
                end[day.meter, day.day] = day.end_reading
                before = end.get((day.meter, day.day - DAY))
                if before is not None and day.total_kwh is not None:
                    moved = (day.end_reading - before) * multiplier
                    assert abs(moved - day.total_kwh) <= multiplier


def test_a_later_today_only_adds_and_revises(world: World) -> None:
    later = World(today=TODAY + timedelta(days=40))
    for number in EACH:
        bills, ledger = world.bills(number), world.ledger(number)
        assert later.bills(number)[-len(bills) :] == bills
        assert len(later.bills(number)) > len(bills)
        assert later.ledger(number)[: len(ledger)] == ledger
        afterwards = {day.day: day for day in later.days(number, date.min, TODAY)}
        for day in world.days(number, date.min, TODAY):
            if day.quality == "estimated" and day.day > TODAY - 6 * DAY:
                assert afterwards[day.day].quality == "true"
            else:
                assert afterwards[day.day] == day


def test_each_day_tells_the_bills_and_rows_up_to_that_day_and_no_more(world: World) -> None:
    bills, ledger = world.bills(CORRECTED), world.ledger(CORRECTED)
    assert any(bill.kind == "Corrected" and bill.billing_date.month == 6 for bill in bills)
    for today in (date(2025, 6, 8) + n * DAY for n in range(24)):
        then = World(today=today)
        assert then.bills(CORRECTED) == tuple(b for b in bills if b.billing_date <= today)
        assert then.ledger(CORRECTED) == tuple(item for item in ledger if item.day <= today)
        assert then.days(CORRECTED, today - DAY, today)[-1].day == today - DAY


@pytest.mark.parametrize("late", [date(2026, 6, 13), date(2025, 11, 10)])
def test_a_late_day_is_absent_then_averaged_then_read(late: date) -> None:
    seen = [World(today=late + age * DAY).days(MEDIUM, late, late) for age in range(8)]
    assert [[day.quality for day in days] for days in seen] == (
        [[], []] + [["estimated"]] * 4 + [["true"]] * 2
    )
    (average,), (read,) = seen[2], seen[6]
    assert len({hour.wh for hour in average.hours}) == 1
    assert len({hour.wh for hour in read.hours}) > 1
    assert average.end_reading is None
    assert all(days == [average] for days in seen[2:6])
    (revision,) = [
        r for r in World(today=late + 6 * DAY).revisions(MEDIUM) if r.earlier.day == late
    ]
    assert revision.earlier == average
    assert (revision.visible_from, revision.visible_until) == (late + 2 * DAY, late + 6 * DAY)


def test_the_week_before_today_holds_late_days_in_every_stage(world: World) -> None:
    days = {day.day: day.quality for day in world.days(HOME, date(2026, 6, 9), TODAY)}
    assert days == {
        date(2026, 6, 9): "true",
        date(2026, 6, 10): "estimated",
        date(2026, 6, 11): "true",
        date(2026, 6, 12): "true",
        date(2026, 6, 13): "estimated",
    }


def test_one_averaged_day_is_never_replaced() -> None:
    years_later = World(today=date(2027, 8, 6))
    assert the_day(years_later, MEDIUM, date(2025, 8, 6)).quality == "estimated"
    assert date(2025, 8, 6) not in [r.earlier.day for r in years_later.revisions(MEDIUM)]


def test_planted_gaps_are_null_and_the_register_counts_on(world: World) -> None:
    # The third hour of the autumn change is the repeated 1 AM
    repeated = the_day(world, HOME, date(2025, 11, 2))
    assert missing(repeated) == [2]
    assert repeated.hours[2].wh is None
    assert repeated.hours[2].start == datetime(2025, 11, 2, 7, tzinfo=UTC)
    assert missing(the_day(world, MEDIUM, date(2025, 3, 20))) == [9, 10, 11, 12, 13, 14]
    eve, silent, after = world.days(MEDIUM, date(2025, 9, 22), date(2025, 9, 24))
    assert silent.quality == "missing"
    assert len(missing(silent)) == 24
    assert silent.total_kwh is None
    assert silent.end_reading is None
    assert eve.end_reading is not None
    assert after.end_reading is not None
    assert after.total_kwh is not None
    moved = (after.end_reading - eve.end_reading) * world.account(MEDIUM).multiplier
    assert moved > 1.5 * after.total_kwh
    assert any(missing(day) for day in world.days(SOLAR, date.min, date.max))
    assert not any(missing(day) for day in world.days(SMALL, date.min, date.max))


def test_bills_follow_one_another_by_date_and_by_register(world: World) -> None:
    for number in EACH:
        previous = last = None
        for bill in reversed(world.bills(number)):
            assert 28 <= bill.days <= 33
            assert bill.billing_date - bill.read_date in (3 * DAY, 4 * DAY, 9 * DAY, 10 * DAY)
            assert bill.due_date == bill.billing_date + 15 * DAY
            delivered = [read for read in bill.meters if read.channel == "delivered"]
            for read in delivered:
                assert read.kwh == (read.present - read.previous) * read.multiplier
            assert bill.kwh == sum(read.kwh for read in delivered)
            if previous and last and bill.kind == "Regular":
                assert bill.service_from == previous.service_to
                assert delivered[0].number == last.number
                assert delivered[0].previous == last.present
            previous, last = bill, delivered[-1]


def test_hours_between_two_reads_add_up_to_the_bill_within_its_registers(world: World) -> None:
    for number in (SMALL, CAMPUS, NEW, HOME, MEDIUM):
        superseded = {bill.read_date for bill in world.bills(number) if bill.kind == "Corrected"}
        checked = 0
        for bill in world.bills(number):
            days = world.days(number, bill.service_from, bill.service_to - DAY)
            whole = all(day.quality == "true" and not missing(day) for day in days)
            if whole and bill.read_date not in superseded:
                kwh = Decimal(sum(hour.wh or 0 for day in days for hour in day.hours)) / 1000
                assert abs(kwh - bill.kwh) < sum(read.multiplier for read in bill.meters)
                checked += 1
        assert checked >= 5


def test_lines_make_the_current_charges_and_the_total(world: World) -> None:
    for number in EACH:
        for bill in world.bills(number):
            for line in bill.lines:
                if line.quantity is not None and line.unit_price is not None:
                    exact = line.quantity * line.unit_price
                    assert line.amount == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert sum(line.amount for line in bill.lines) == bill.total
            current = [
                line.amount
                for line in bill.lines
                if line.component not in {"balance_forward", "payment", "adjustment"}
            ]
            assert sum(current) == bill.current_charges
            penalty = (bill.total / 20).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert bill.after_due == bill.total + penalty


def test_the_ledger_reconciles_with_itself_and_with_the_bills(world: World) -> None:
    for number in EACH:
        ledger = world.ledger(number)
        balance = Decimal(0)
        for item in ledger:
            balance += item.amount if item.moves_balance else 0
            assert item.balance == balance
            assert (item.amount > 0) or item.kind == "Payment" or "reversed" in item.description
        assert [item.day for item in ledger] == sorted(item.day for item in ledger)
        rows = {i.day: i for i in ledger if i.description in {"Regular bill", "Corrected bill"}}
        assert sorted(rows) == [bill.billing_date for bill in reversed(world.bills(number))]
        for bill in world.bills(number):
            row = rows[bill.billing_date]
            assert row.balance == bill.total
            assert row.amount == (bill.levelized or bill.current_charges)
    assert any(not item.moves_balance for item in world.ledger(SOLAR))


def test_a_half_paid_bill_is_carried_to_the_next(world: World) -> None:
    carried = [bill for bill in world.bills(SOLAR) if bill.total != bill.current_charges]
    assert len(carried) == 2
    for bill in carried:
        forward, payment = bill.lines[:2]
        assert (forward.component, payment.component) == ("balance_forward", "payment")
        assert bill.total == bill.current_charges + forward.amount + payment.amount


def test_a_misread_bill_is_followed_by_a_corrected_one_for_the_same_period(world: World) -> None:
    bills = world.bills(CORRECTED)[:24]
    (at,) = [n for n, bill in enumerate(bills) if bill.kind == "Corrected"]
    corrected, wrong = bills[at], bills[at + 1]
    assert (wrong.kind, wrong.read_date) == ("Regular", corrected.read_date)
    assert (wrong.service_from, wrong.service_to) == (corrected.service_from, corrected.service_to)
    assert wrong.kwh == corrected.kwh + 300
    assert corrected.billing_date == wrong.billing_date + 6 * DAY
    assert -wrong.current_charges in [line.amount for line in corrected.lines]
    assert corrected.total == corrected.current_charges < wrong.total


def test_an_exchanged_meter_is_billed_beside_its_successor(world: World) -> None:
    old, new = world.meters(HOME)
    assert old.removed == new.installed == date(2025, 4, 17)
    assert the_day(world, HOME, date(2025, 4, 16)).meter == old.number
    assert the_day(world, HOME, date(2025, 4, 17)).meter == new.number
    (bill,) = [bill for bill in world.bills(HOME) if len(bill.meters) > 1]
    assert [read.number for read in bill.meters] == [old.number, new.number]
    assert bill.meters[0].service_to == bill.meters[1].service_from == new.installed
    assert bill.meters[1].previous == new.first_reading
    (alone,) = World(today=date(2025, 4, 16)).meters(HOME)
    assert alone.removed is None


def test_solar_energy_is_received_beside_what_is_delivered(world: World) -> None:
    noon = the_day(world, SOLAR, date(2026, 6, 1))
    assert sum(hour.received_wh or 0 for hour in noon.hours) > 0
    bill = world.bills(SOLAR)[0]
    assert [read.channel for read in bill.meters] == ["delivered", "received"]
    days = world.days(SOLAR, bill.service_from, bill.service_to - DAY)
    assert not any(missing(day) for day in days)
    received = sum(hour.received_wh or 0 for day in days for hour in day.hours)
    assert bill.received_kwh is not None
    assert abs(bill.received_kwh - received / 1000) < 1
    assert any(line.component == "credit" and line.amount < 0 for line in bill.lines)


def test_levelized_bills_ask_for_a_years_average(world: World) -> None:
    bills = world.bills(HOME)
    year = sum((bill.current_charges for bill in bills[:12]), Decimal(0))
    assert bills[0].levelized == (year / 12).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert bills[0].total == bills[0].levelized
    assert [bill.levelized is None for bill in reversed(bills)].count(True) == 12


def test_small_power_accounts_stay_within_the_limits_of_their_rate(world: World) -> None:
    for sign_in in world.sign_ins:
        for account in sign_in.accounts:
            if account.rate == "Small Power":
                days = world.days(account.number, date.min, date.max)
                assert max(hour.wh or 0 for day in days for hour in day.hours) < 10_000
                assert all(bill.kwh < 1_500 for bill in world.bills(account.number))


def test_the_sign_ins_hold_what_each_is_for(world: World) -> None:
    accounts = {s.user: [a.number for a in s.accounts] for s in world.sign_ins}
    assert {user: len(numbers) for user, numbers in accounts.items()} == {
        "sandbox-home": 1,
        "sandbox-solar": 1,
        "sandbox-business": 3,
        "1000404001": 28,
        "sandbox-new": 1,
    }
    assert world.account(MEDIUM).multiplier == 40
    assert world.account(HOME).rate_assumed
    assert len({number for numbers in accounts.values() for number in numbers}) == 34
    assert len(world.bills(NEW)) == 5
    assert world.days(NEW, date.min, date.max)[0].day == date(2026, 1, 8)
    assert all(len(world.bills(number)) >= 30 for number in EACH if number != NEW)


def test_another_seed_is_another_world_and_the_same_seed_the_same() -> None:
    assert World(8).bills(SMALL) != World(7).bills(SMALL)
    program = (
        "import hashlib; from harvester.sandbox.truth import truth;"
        "from harvester.sandbox.world import World;"
        f"text = ''.join(truth(World(), ['{NEW}']));"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": salt},
            capture_output=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    ]
    assert digests[0] == digests[1]


def test_the_truth_is_one_json_document_of_the_accounts_asked_for(world: World) -> None:
    document = json.loads("".join(truth(world, [NEW, MEDIUM])))
    assert (document["seed"], document["today"]) == (7, "2026-06-15")
    assert document["zone"] == "America/Chicago"
    business, new = document["sign_ins"]
    assert (business["user"], business["password"]) == ("sandbox-business", "sandbox-business-Pa55")
    (account,) = business["accounts"]
    assert account == account_truth(world, MEDIUM)
    assert (account["member_number"], account["separator"]) == ("1000303", "002")
    silent = next(day for day in account["days"] if day["day"] == "2025-09-23")
    assert silent["hours"][0] == ["2025-09-23T05:00:00+00:00", None, None, "missing"]
    assert account["bills"][0]["total"] == str(world.bills(MEDIUM)[0].total)
    assert len(account["revisions"]) == len(world.revisions(MEDIUM))
    assert new["accounts"][0]["opened"] == "2026-01-08"
    with pytest.raises(KeyError):
        truth(world, ["1000303009"])
