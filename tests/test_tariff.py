"""Bills recompute to the cent, planted faults are found by name, and clean bills are left alone.

Expected amounts are worked out by hand from the published prices, or are the sandbox's own bills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import statement

from harvester.errors import Misconfigured, State
from harvester.model import Component, Finding, LineItem, Statement
from harvester.profile import load, shipped
from harvester.sandbox.world import World
from harvester.tariff import Learned, findings, learn
from harvester.tariff.comparison import charge, taxed
from harvester.tariff.data import Dated, Span, Tariff, in_force

D = Decimal
IN_FORCE = date(2026, 6, 4)
"""The published prices' first known day."""
LATER = date(2027, 1, 15)
"""A day of the sandbox by which it has bills wholly under the published prices."""


def tariff() -> Tariff:
    found = load("caec").tariff
    assert found is not None
    return found


TARIFF = tariff()
TAX = TARIFF.taxes[0]


@cache
def world(today: date | None = None) -> tuple[Statement, ...]:
    """Return every bill of every account."""
    told = World(today=today) if today else World()
    return tuple(
        statement(told, bill)
        for sign_in in told.sign_ins
        for account in sign_in.accounts
        for bill in told.bills(account.number)
    )


@cache
def learned(today: date | None = None) -> Learned:
    return learn(world(today))


def of(number: str, today: date | None = None) -> list[Statement]:
    """Return one account's bills, newest first."""
    return [one for one in world(today) if one.account == number]


def rules(found: Iterable[Finding]) -> dict[str, Finding]:
    """Return by rule what is wrong."""
    return {finding.rule: finding for finding in found if finding.message}


def change(one: Statement, component: Component, **values: Any) -> Statement:
    """Return a bill with other values on the line of one component."""
    assert any(line.component is component for line in one.lines)
    lines = (replace(n, **values) if n.component is component else n for n in one.lines)
    return replace(one, lines=tuple(lines))


def reprice(one: Statement, component: Component, price: str) -> Statement:
    """Return a bill that charges another price, and is right otherwise, tax included."""
    (line,) = [n for n in one.lines if n.component is component]
    assert line.quantity is not None
    amount = (line.quantity * D(price)).quantize(D("0.01"), "ROUND_HALF_UP")
    return retax(change(one, component, unit_price=D(price), amount=amount))


def retax(one: Statement) -> Statement:
    base = one.sum_of(*TAX.taxed)
    assert base is not None
    amount = (base * D("0.04")).quantize(D("0.01"), "ROUND_HALF_UP")
    return change(one, Component.TAX, quantity=base, amount=amount)


SMALL, MEDIUM = "1000303001", "1000303002"


def past() -> Statement:
    """Return a bill of Small Power from before any published price is known."""
    return of(SMALL)[10]


def recent() -> Statement:
    """Return a bill of Small Power whose whole period is under the published prices."""
    one = of(SMALL, LATER)[2]
    assert one.service_from is not None
    assert one.service_from > IN_FORCE
    return one


# ---- check figures, by hand -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "kwh", "before_tax"),
    [
        # 30 x 1.66 = 49.80; 59.09; 93.37; -0.67
        ("Small Power", 1000, "201.59"),
        # 49.80; 73.8625 -> 73.86; 116.7125 -> 116.71; -0.8375 -> -0.84
        ("Small Power", 1250, "239.53"),
        # 30 x 2.09 = 62.70; 42.45; 87.52; -0.67
        ("Medium Power", 1000, "192.00"),
        # 62.70; 53.0625 -> 53.06; 109.40; -0.84
        ("Medium Power", 1250, "224.32"),
    ],
)
def test_thirty_days_cost_what_was_worked_out_by_hand(
    schedule: str, kwh: int, before_tax: str
) -> None:
    found = TARIFF.schedule(schedule)
    assert found is not None
    start = IN_FORCE
    end = start + timedelta(days=30)
    prices = [
        (in_force(found.of(c), start, end), D(30 if found.of(c)[0].per == "day" else kwh))
        for c in found.components
    ]
    (pca,) = in_force(TARIFF.adjustments, start, end)
    assert pca == Span(D("-0.00067"), 30)
    assert charge(prices, pca.price, D(kwh)) == D(before_tax)


@pytest.mark.parametrize(
    ("amount", "tax"),
    [
        ("0.00", "0.00"),
        ("201.59", "8.06"),  # 8.0636
        ("40000.00", "1600.00"),
        ("40001.00", "1600.03"),
        ("50000.00", "1900.00"),  # 1,600 + 3 % of 10,000
        ("60000.00", "2200.00"),  # 1,600 + 3 % of 20,000
        ("60001.00", "2200.02"),
        ("100000.00", "3000.00"),  # 2,200 + 2 % of 40,000
    ],
)
def test_tax_goes_by_the_brackets_of_the_law(amount: str, tax: str) -> None:
    assert TAX.on(D(amount)) == D(tax)
    assert taxed(TARIFF, D(amount), IN_FORCE).tax == D(tax)


@settings(deadline=None)
@given(st.decimals(0, 10**6, places=2), st.decimals(0, 10**4, places=2))
def test_more_is_never_taxed_less_and_never_by_more_than_the_highest_rate(
    amount: Decimal, more: Decimal
) -> None:
    apart = TAX.on(amount + more) - TAX.on(amount)
    assert D("0.02") * more - D("0.01") <= apart <= D("0.04") * more + D("0.01")


DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@settings(deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=6, unique=True).map(sorted), DAYS, st.integers(1, 90))
def test_every_day_of_a_period_has_one_price_or_the_period_has_none(
    starts: list[date], since: date, length: int
) -> None:
    prices = [Dated(price=D(n), valid_from=start) for n, start in enumerate(starts)]
    until = since + timedelta(days=length)
    spans = in_force(prices, since, until)
    if since < starts[0]:
        assert spans == []
    else:
        days = [since + timedelta(days=n) for n in range(length)]
        by_day = [D(max(n for n, start in enumerate(starts) if start <= day)) for day in days]
        assert [(price, by_day.count(price)) for price in sorted(set(by_day))] == spans


# ---- clean bills ----------------------------------------------------------------------------


@pytest.mark.parametrize("today", [None, LATER])
def test_every_bill_of_the_sandbox_recomputes_without_a_finding(today: date | None) -> None:
    bills = world(today)
    assert {one.rate for one in bills} == {"Small Power", "Medium Power", "Residential"}
    assert len(bills) > 900
    proofs = [list(findings(one, TARIFF, learned(today))) for one in bills]
    assert [finding for found in proofs for finding in found if finding.message] == []
    for found in proofs:
        names = [finding.rule for finding in found]
        assert len(set(names)) == len(names)
        assert {"tariff-line", "tariff-quantity", "tariff-tax"} <= {*names}
        for proof in found:
            assert proof.residual is not None
            assert proof.tolerance is not None
            assert proof.residual <= proof.tolerance


def test_published_prices_are_held_against_bills_of_their_time_only() -> None:
    judged = [
        one
        for one in world(LATER)
        if any(f.rule == "tariff-price" for f in findings(one, TARIFF, Learned()))
    ]
    assert judged
    assert all(one.service_from and one.service_from >= IN_FORCE for one in judged)
    assert {one.rate for one in judged} == {"Small Power", "Medium Power"}


def test_a_bill_alone_and_without_a_tariff_is_judged_by_its_own_lines() -> None:
    found = list(findings(past(), None, learn([past()])))
    assert [(f.rule, f.message) for f in found] == [("tariff-line", ""), ("tariff-quantity", "")]


def test_a_bill_of_which_little_is_known_gives_nothing() -> None:
    bare = Statement("1", "none@0", total=D("201.59"))
    assert list(findings(bare, TARIFF, learned())) == []
    total = LineItem("Energy", Component.ENERGY, None, None, None, D(90), 1, 0, 0)
    assert list(findings(replace(bare, lines=(total,)), TARIFF, learned())) == []


def test_findings_are_about_the_account_and_the_bill() -> None:
    one = past()
    assert {(f.account, f.subject) for f in findings(one, TARIFF, learned())} == {
        (SMALL, f"{SMALL}/{one.billing_date}")
    }
    assert {f.subject for f in findings(one, TARIFF, learned(), "this one")} == {"this one"}


# ---- planted faults -------------------------------------------------------------------------


ACCESS, ENERGY, POWER = Component.ACCESS, Component.DISTRIBUTION, Component.WHOLESALE_POWER


def raised(one: Statement, component: Component, by: str) -> Statement:
    (line,) = [n for n in one.lines if n.component is component]
    return change(one, component, amount=line.amount + D(by))


def longer(one: Statement, by: int) -> Statement:
    """Return a bill that charges for more days than it has."""
    assert one.days is not None
    price = D("1.66")
    days = D(one.days + by)
    return retax(change(one, ACCESS, quantity=days, amount=days * price))


def overcounted(one: Statement) -> Statement:
    """Return a bill of which one line counts 10 kWh too many."""
    (line,) = [n for n in one.lines if n.component is POWER]
    assert line.quantity is not None
    count = line.quantity + 10
    amount = (count * D("0.09337")).quantize(D("0.01"), "ROUND_HALF_UP")
    return retax(change(one, POWER, quantity=count, amount=amount))


FAULTS: dict[str, tuple[Callable[[Statement], Statement], dict[str, str]]] = {
    "price off by 0.00100": (
        lambda one: reprice(one, ENERGY, "0.06009"),
        {"tariff-learned": "Distribution: the bill says 0.06009, "},
    ),
    "daily price off by a cent": (
        lambda one: reprice(one, ACCESS, "1.67"),
        {"tariff-learned": "Access charge: the bill says 1.67, "},
    ),
    "wrong sign of the adjustment": (
        lambda one: reprice(one, Component.PCA, "0.00067"),
        {"tariff-learned": "Power cost adjustment (PCA): the bill says 0.00067, "},
    ),
    "amount off by 3 cents": (
        lambda one: retax(raised(one, ENERGY, "0.03")),
        {"tariff-line": "Distribution: "},
    ),
    "amount too low by 3 cents": (
        lambda one: retax(raised(one, ACCESS, "-0.03")),
        {"tariff-line": "Access charge: "},
    ),
    "amount off by 2 cents": (lambda one: retax(raised(one, ENERGY, "0.02")), {}),
    "amount off by 2 cents, tax not": (lambda one: raised(one, ENERGY, "-0.02"), {}),
    "one day too many": (
        lambda one: longer(one, 1),
        {"tariff-quantity": "Access charge: "},
    ),
    "one day too few": (lambda one: longer(one, -1), {"tariff-quantity": "Access charge: "}),
    "days that the dates do not have": (
        lambda one: replace(longer(one, 1), days=(one.days or 0) + 1),
        {"tariff-quantity": "Access charge: "},
    ),
    "10 kWh too many on one line": (overcounted, {"tariff-quantity": "Wholesale power: "}),
    "tax off by 3 cents": (
        lambda one: raised(one, Component.TAX, "0.03"),
        {"tariff-tax": "Alabama utility gross receipts tax: "},
    ),
    "tax off by 2 cents": (lambda one: raised(one, Component.TAX, "0.02"), {}),
    "tax on more than is taxed": (
        lambda one: change(one, Component.TAX, quantity=D("500.00"), amount=D("20.00")),
        {"tariff-tax": "Alabama utility gross receipts tax: "},
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_by_name_and_nothing_else(name: str) -> None:
    plant, expected = FAULTS[name]
    faulty = plant(past())
    bills = [faulty if one == past() else one for one in world()]
    series = learn(bills)
    found = {rule: f.message for rule, f in rules(findings(faulty, TARIFF, series)).items()}
    assert found.keys() == expected.keys()
    for rule, words in expected.items():
        assert found[rule].startswith(words)
    clean = [one for one in bills if one != faulty]
    others = [f for one in clean for f in findings(one, TARIFF, series) if f.message]
    assert others == []


def test_a_finding_names_the_line_and_both_amounts_and_keeps_the_residual() -> None:
    one = past()
    (line,) = [n for n in one.lines if n.component is ENERGY]
    (found,) = rules(findings(raised(one, ENERGY, "0.10"), None, Learned())).values()
    assert found.message == (
        f"Distribution: {line.quantity} kWh at 0.05909 is {line.amount},"
        f" the bill says {line.amount + D('0.10')}."
    )
    assert (found.residual, found.tolerance) == (D("0.10"), D("0.02"))


@pytest.mark.parametrize(
    ("component", "price", "published"),
    [(ENERGY, "0.06009", "0.05909"), (ACCESS, "1.76", "1.66"), (POWER, "0.09237", "0.09337")],
)
def test_a_price_is_held_against_the_published_one_of_its_date(
    component: Component, price: str, published: str
) -> None:
    found = rules(findings(reprice(recent(), component, price), TARIFF, Learned()))
    assert found.keys() == {"tariff-price"}
    assert f"the published price is {published}, the bill says {price}." in (
        found["tariff-price"].message
    )
    earlier = reprice(past(), component, price)
    assert rules(findings(earlier, TARIFF, Learned())) == {}


def test_the_price_of_another_schedule_is_not_the_published_one() -> None:
    one = replace(recent(), rate="medium power  service")
    assert rules(findings(one, TARIFF, Learned())).keys() == {"tariff-price"}
    for unknown in ("Residential", "Time of use", None):
        assert rules(findings(replace(recent(), rate=unknown), TARIFF, Learned())) == {}


def test_a_lone_bill_that_ends_under_published_prices_is_held_against_them_and_earlier_bills() -> (
    None
):
    newest = of(SMALL)[0]
    assert newest.service_from is not None
    assert newest.service_to is not None
    assert newest.service_from < IN_FORCE <= newest.service_to
    for component, wrong in ((ENERGY, "0.06009"), (Component.PCA, "0.00067")):
        faulty = reprice(newest, component, wrong)
        bills = [faulty, *of(SMALL)[1:]]
        assert rules(findings(faulty, TARIFF, learn(bills))).keys() == {"tariff-learned"}
        assert rules(findings(faulty, None, learn(bills))) == {}


def test_a_price_may_be_printed_with_fewer_decimals_than_it_has() -> None:
    one = change(recent(), ENERGY, unit_price=D("0.0591"))
    assert rules(findings(one, TARIFF, Learned())) == {}
    assert rules(findings(change(past(), ENERGY, unit_price=D("0.0591")), None, Learned())) == {}


def test_a_line_without_a_printed_price_is_held_against_the_published_one() -> None:
    bare = change(recent(), ENERGY, unit_price=None, quantity=None, unit=None)
    assert rules(findings(bare, TARIFF, Learned())) == {}
    off = retax(raised(bare, ENERGY, "0.03"))
    found = rules(findings(off, TARIFF, Learned()))
    assert found.keys() == {"tariff-line"}
    assert found["tariff-line"].message.startswith("Distribution: at the known price is ")
    assert rules(findings(off, None, Learned())) == {}


def big(before_tax: str, tax: str) -> Statement:
    """Return a bill of one energy line of so many dollars, and its tax."""
    day = date(2026, 1, 1)
    base = D(before_tax)
    lines = (
        LineItem("Energy", Component.ENERGY, base * 10, "kWh", D("0.10000"), base, 1, 0, 0),
        LineItem("Gross receipts tax", Component.TAX, base, "USD", None, D(tax), 1, 0, 0),
    )
    return Statement("1", "hand@1", day, kwh=base * 10, rate="Contract", lines=lines)


@pytest.mark.parametrize(
    ("before_tax", "right", "wrong"),
    [
        ("40000.00", "1600.00", "1200.00"),
        ("50000.00", "1900.00", "2000.00"),  # 4 % of all of it
        ("50000.00", "1900.00", "1500.00"),  # 3 % of all of it
        ("80000.00", "2600.00", "2800.00"),  # 3 % of all above 40,000
    ],
)
def test_tax_of_a_large_bill_goes_by_brackets(before_tax: str, right: str, wrong: str) -> None:
    assert rules(findings(big(before_tax, right), TARIFF, Learned())) == {}
    found = rules(findings(big(before_tax, wrong), TARIFF, Learned()))
    assert found.keys() == {"tariff-tax"}
    assert f"on {before_tax} it is {right}, the bill says {wrong}." in found["tariff-tax"].message
    assert found["tariff-tax"].residual == abs(D(right) - D(wrong))


def test_no_tax_another_tax_or_an_untold_line_says_nothing_of_the_tax() -> None:
    exempt = change(past(), Component.TAX, amount=D(0))
    other = change(past(), Component.TAX, label="County sales tax", amount=D("1.23"))
    fee = LineItem("Reconnection", Component.OTHER, None, None, None, D(50), 1, 0, 0)
    untold = replace(past(), lines=(*past().lines, fee))
    for one in (exempt, other, untold):
        assert "tariff-tax" not in {f.rule for f in findings(one, TARIFF, Learned())}


def test_a_credit_may_be_printed_with_either_sign() -> None:
    solar = of("1000202001")[5]
    (line,) = [n for n in solar.lines if n.component is Component.CREDIT]
    assert line.unit_price is not None
    assert line.unit_price < 0
    turned = change(solar, Component.CREDIT, unit_price=-line.unit_price)
    assert rules(findings(turned, TARIFF, learned())) == {}


def test_energy_lines_may_count_what_is_left_after_received_energy() -> None:
    one = past()
    assert one.kwh is not None
    net = replace(one, kwh=one.kwh + 100, received_kwh=D(100))
    assert rules(findings(net, None, Learned())) == {}
    assert rules(findings(replace(net, received_kwh=D(99)), None, Learned())).keys() == {
        "tariff-quantity"
    }


# ---- a price change within a period ---------------------------------------------------------


def changed_tariff(day: date, price: str) -> Tariff:
    """Return the tariff with another distribution price of Small Power from a day on."""
    data = TARIFF.model_dump(mode="json")
    new = {"component": "distribution", "per": "kWh", "price": price, "valid_from": f"{day}"}
    data["schedules"][0]["prices"].append(new)
    return Tariff.model_validate(data)


def test_a_period_over_a_price_change_may_have_either_price_or_their_mean_by_days() -> None:
    one = recent()
    assert one.service_from is not None
    assert one.days is not None
    new = changed_tariff(one.service_from + timedelta(days=10), "0.06909")
    mean = (D("0.05909") * 10 + D("0.06909") * (one.days - 10)) / one.days
    for price in ("0.05909", "0.06909", f"{mean:.5f}"):
        assert rules(findings(reprice(one, ENERGY, price), new, Learned())) == {}
    for price in ("0.05809", "0.06500", "0.07909"):
        found = rules(findings(reprice(one, ENERGY, price), new, Learned()))
        assert found.keys() == {"tariff-price"}


def test_two_lines_of_one_component_share_the_kwh_and_each_has_its_price() -> None:
    one = recent()
    assert one.service_from is not None
    assert one.kwh is not None
    new = changed_tariff(one.service_from + timedelta(days=10), "0.06909")

    def split(first: Decimal, second: Decimal, price: str) -> Statement:
        lines = []
        for line in one.lines:
            if line.component is not ENERGY:
                lines.append(line)
                continue
            for count, each in ((first, "0.05909"), (second, price)):
                amount = (count * D(each)).quantize(D("0.01"), "ROUND_HALF_UP")
                lines.append(replace(line, quantity=count, unit_price=D(each), amount=amount))
        return retax(replace(one, lines=tuple(lines)))

    part = one.kwh // 3
    assert rules(findings(split(part, one.kwh - part, "0.06909"), new, Learned())) == {}
    found = rules(findings(split(part, one.kwh - part + 5, "0.06909"), new, Learned()))
    assert found.keys() == {"tariff-quantity"}
    found = rules(findings(split(part, one.kwh - part, "0.06910"), new, Learned()))
    assert found.keys() == {"tariff-price"}


# ---- prices learned from bills --------------------------------------------------------------


def test_learned_prices_are_those_of_the_sandbox_with_first_and_last_bill_and_count() -> None:
    runs = {(run.rate, run.component): run for run in learned().runs()}
    assert len(runs) == len(list(learned().runs())) == 12
    small = [one for one in world() if one.rate == "Small Power"]
    found = runs["Small Power", Component.WHOLESALE_POWER]
    assert found.price == D("0.09337")
    assert (found.bills, found.accounts) == (len(small), len({one.account for one in small}))
    billed = sorted(one.billing_date for one in small if one.billing_date)
    assert (found.first, found.last) == (billed[0], billed[-1])
    assert not any(run.contradicted for run in runs.values())


def monthly(prices: Iterable[str], account: str = "1", start: date = date(2025, 1, 5)) -> Any:
    """Return bills of 30 days each with one energy price a bill."""
    bills = []
    for n, price in enumerate(prices):
        since = start + timedelta(days=30 * n)
        amount = (100 * D(price)).quantize(D("0.01"), "ROUND_HALF_UP")
        line = LineItem("Power", POWER, D(100), "kWh", D(price), amount, 1, 0, 0)
        until = since + timedelta(days=30)
        told = Statement(account, "hand@1", until + timedelta(days=3), lines=(line,))
        bills.append(
            replace(told, service_from=since, service_to=until, days=30, rate="R", kwh=D(100))
        )
    return bills


def blamed(bills: list[Statement]) -> list[int]:
    """Return the positions of bills whose price others contradict."""
    series = learn(bills)
    return [n for n, one in enumerate(bills) if rules(findings(one, None, series))]


A, B = "0.08000", "0.09000"


def test_a_price_that_changes_is_no_contradiction() -> None:
    assert blamed(monthly([A, A, B, B])) == []
    assert blamed(monthly([A, A, A, B])) == []
    assert blamed(monthly([A, A, B, B, B, A, A])) == []
    staggered = [
        bill
        for n in range(30)
        for bill in monthly([A, A, B, B], f"{n}", date(2025, 1, 1) + timedelta(days=n))
    ]
    assert blamed(staggered) == []  # the price goes by the number of the bill
    assert [(run.price, run.bills) for run in learn(staggered).runs()] == [(D(A), 60), (D(B), 60)]


@pytest.mark.parametrize("rule", ["service_from", "service_to", "billing_date"])
def test_whichever_day_decides_the_price_a_change_is_no_contradiction(rule: str) -> None:
    day = date(2025, 3, 1)
    bills = []
    for n in range(30):
        for bill in monthly([A] * 4, f"{n}", date(2025, 1, 1) + timedelta(days=n)):
            new = getattr(bill, rule) >= day
            bills.append(reprice_plain(bill, B) if new else bill)
    assert blamed(bills) == []


def reprice_plain(one: Statement, price: str) -> Statement:
    return change(one, POWER, unit_price=D(price), amount=100 * D(price))


def test_a_price_that_comes_and_goes_between_two_bills_is_contradicted() -> None:
    bills = monthly([A, A, B, A, A])
    assert blamed(bills) == [2]
    runs = [(run.price, run.bills, run.contradicted) for run in learn(bills).runs()]
    assert runs == [(D(A), 4, False), (D(B), 1, True)]


def test_of_two_prices_of_one_rate_and_period_the_rarer_is_contradicted_or_both() -> None:
    assert blamed([*monthly([A]), *monthly([B], "2")]) == [0, 1]
    assert blamed([*monthly([A]), *monthly([B], "2"), *monthly([A], "3")]) == [1]


def test_a_corrected_bill_and_the_one_that_it_replaces_are_no_contradiction_by_themselves() -> None:
    (wrong,) = monthly([B])
    assert wrong.billing_date is not None
    right = replace(reprice_plain(wrong, A), billing_date=wrong.billing_date + timedelta(days=6))
    assert blamed([wrong, right]) == []
    before = monthly([A] * 3, start=date(2024, 10, 7))
    assert blamed([wrong, right, *before]) == [0]


def test_a_bill_counts_once_however_often_it_is_read() -> None:
    bills = monthly([A, B, A])
    assert blamed(bills + bills + bills) == [1, 4, 7]


@settings(deadline=None)
@given(st.permutations(monthly([A, A, B, A, B, B, B, A])))
def test_what_is_learned_does_not_depend_on_the_order_of_bills(bills: list[Statement]) -> None:
    in_order = monthly([A, A, B, A, B, B, B, A])
    assert learn(bills) == learn(in_order)
    assert list(learn(bills).runs()) == list(learn(in_order).runs())


# ---- the data -------------------------------------------------------------------------------


def test_the_first_tariff_says_what_is_published_and_where() -> None:
    assert [s.name for s in TARIFF.schedules] == ["Small Power", "Medium Power"]
    small, medium = TARIFF.schedules
    assert {(p.component, p.per, p.price, p.valid_from) for p in small.prices} == {
        (ACCESS, "day", D("1.66"), IN_FORCE),
        (ENERGY, "kWh", D("0.05909"), IN_FORCE),
        (POWER, "kWh", D("0.09337"), IN_FORCE),
    }
    assert {(p.component, p.per, p.price, p.valid_from) for p in medium.prices} == {
        (ACCESS, "day", D("2.09"), IN_FORCE),
        (ENERGY, "kWh", D("0.04245"), IN_FORCE),
        (POWER, "kWh", D("0.08752"), IN_FORCE),
    }
    assert (small.below_kw, small.below_kwh) == (10, 1500)
    assert medium.service == "single-phase up to 400 A"
    assert [(p.price, p.valid_from) for p in TARIFF.adjustments] == [(D("-0.00067"), IN_FORCE)]
    assert "40-21-82" in TARIFF.sources["law"]
    assert "2026-06-04" in TARIFF.sources["guide"]
    assert TARIFF.schedule("Residential") is None
    assert "residential rates" in TARIFF.unpublished


def test_a_profile_without_rates_loads() -> None:
    assert load("union-power").tariff is None


def test_a_users_tariff_comes_before_the_shipped_one(tmp_path: Path) -> None:
    text = (shipped() / "tariffs" / "caec.toml").read_text(encoding="utf-8")
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "caec.toml").write_text(text.replace("1.66", "1.75"))
    mine = load("caec", (tmp_path,)).tariff
    assert mine is not None
    assert mine.schedules[0].of(ACCESS)[0].price == D("1.75")
    assert TARIFF.schedules[0].of(ACCESS)[0].price == D("1.66")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("below_kw = 10", "below_kva = 10", "schedules.0.below_kva: is not a known key"),
        ("price = 1.66", "price = 'cheap'", "schedules.0.prices.0.price: "),
        ("price = 1.66", "price = nan", "schedules.0.prices.0.price: "),
        ('per = "day"', 'per = "week"', "schedules.0.prices.0.per: "),
        ('"wholesale_power", per', '"pca", per', "schedules.0.prices.2.component: "),
        ('"wholesale_power", per', '"distribution", per', "distribution has two prices from one"),
        ('source = "guide"', 'source = "hearsay"', "sources lacks hearsay"),
        ('also = ["Small Power Service"]', 'also = ["Medium power"]', "called medium power"),
        ("until = 2026-07-04", "until = 2026-06-04", "until must be later than valid_from"),
        ("above = 60000", "above = 30000", "brackets start above 0 and rise"),
        ("above = 0,", "above = 10,", "brackets start above 0 and rise"),
        ("rate = 0.04", "rate = 4", "taxes.0.brackets.0.rate: "),
        ('"adjustment", "tax"]', '"adjustment", "pca"]', "pca cannot be taxed and untaxed"),
        ("valid_from = 2002-04-01", "", "taxes.0.valid_from: Field required"),
    ],
)
def test_rates_that_do_not_fit_are_refused_in_one_sentence(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = (shipped() / "tariffs" / "caec.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "caec.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(Misconfigured) as caught:
        load("caec", (tmp_path,))
    said = str(caught.value)
    assert caught.value.state is State.INVALID_PROFILE
    assert said.startswith("Tariff caec: ")
    assert says in said
    assert said.endswith("; correct the file.")
    assert "\n" not in said


def test_rates_that_are_not_there_are_refused_by_name(tmp_path: Path) -> None:
    text = (shipped() / "caec.toml").read_text(encoding="utf-8")
    (tmp_path / "caec.toml").write_text(text.replace('tariff = "caec"', 'tariff = "none"'))
    with pytest.raises(Misconfigured, match="'tariffs/none'"):
        load("caec", (tmp_path,))
