"""Who lives in the simulated co-op and what is planted in each account's history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from harvester.sandbox.nouns import Account, Meter, Note
from harvester.sandbox.rates import TARIFFS

LATE = frozenset({(month, 10) for month in range(1, 13)} | {(6, 13), (6, 14)})
"""(month, day) whose data is late, every year: each 10th and the eve of the default today."""


@dataclass(frozen=True)
class Plan:
    """One account and all that happens to it; the same for every seed."""

    account: Account
    opened: date
    meters: tuple[Meter, ...]
    load: Literal["home", "office", "plant", "barn"]
    scale: float = 1.0
    panels_kw: float = 0.0
    net: bool = False
    """Whether the meter has one register that runs backward while energy is received."""
    late: frozenset[tuple[int, int]] = frozenset()
    """(month, day) of the days that are averaged first and read days later."""
    never_read: frozenset[date] = frozenset()
    """Days that stay averaged for good."""
    gaps: tuple[tuple[date, range], ...] = ()
    """Local days and the ordinals of their hours that the meter never reported."""
    scattered_gaps: bool = False
    """Whether about one day in 80 lacks an hour besides."""
    lights: tuple[str, ...] = ()
    levelized: bool = False
    """Whether bills from the thirteenth on ask for the average of the last twelve."""
    misread_bill: int | None = None
    """Which bill, counted from 0, was printed from a misread register and corrected later."""
    short_paid: frozenset[int] = frozenset()
    """Which bills, counted from 0, were paid by half, the rest being carried forward."""


def _account(number: str, holder: str, rate: str = "Residential") -> Account:
    tail = int(number[:7]) * 7919 % 9000 + 1000
    house = 100 + int(number[3:7]) % 100 * 10 + int(number[7:])
    return Account(
        number=number,
        kind="Residential" if rate == "Residential" else "Commercial",
        rate=rate,
        rate_assumed=TARIFFS[rate].assumed,
        holder=holder,
        service_address=f"{house} Sample Road, Prattville AL 36066",
        phone=f"(334) 555-01{int(number[3:]) % 97:02}",
        email=f"{holder.lower().replace(' ', '-')}@example.com",
        ssn=f"XXX-XX-{tail}",
        bank=f"XXXXXX{tail * 3 % 9000 + 1000}",
        card=f"XXXX-XXXX-XXXX-{tail * 7 % 9000 + 1000}",
        multiplier=1,
        has_received=False,
        paperless=False,
        usage_alert_kwh=None,
    )


_HOME = Plan(
    replace(
        _account("1000101001", "SAMPLE RESIDENT 1"),
        paperless=True,
        usage_alert_kwh=60,
        notes=(
            Note(date(2024, 12, 24), "Guests over the holidays"),
            Note(date(2025, 7, 19), "New air conditioner & thermostat, set to 76 °F"),
            Note(date(2026, 2, 3), 'Space heater in "the workshop" <all day>'),
        ),
    ),
    opened=date(2023, 12, 6),
    meters=(
        Meter("51001101", 1, date(2023, 12, 6), date(2025, 4, 17), first_reading=21480),
        Meter("62004417", 1, date(2025, 4, 17), first_reading=3),
    ),
    load="home",
    late=LATE,
    gaps=((date(2025, 11, 2), range(2, 3)),),
    scattered_gaps=True,
    levelized=True,
)

_SOLAR = Plan(
    replace(_account("1000202001", "SAMPLE RESIDENT 2"), has_received=True, paperless=True),
    opened=date(2023, 12, 4),
    meters=(Meter("51002202", 1, date(2023, 12, 4), first_reading=8312),),
    load="home",
    scale=0.9,
    panels_kw=6.0,
    scattered_gaps=True,
    short_paid=frozenset({11, 22}),
)

_BUSINESS = (
    Plan(
        replace(_account("1000303001", "SAMPLE BUSINESS 3", "Small Power"), usage_alert_kwh=80),
        opened=date(2023, 12, 8),
        meters=(Meter("51003301", 1, date(2023, 12, 8), first_reading=40215),),
        load="office",
    ),
    Plan(
        replace(_account("1000303002", "SAMPLE BUSINESS 3", "Medium Power"), multiplier=40),
        opened=date(2023, 12, 8),
        meters=(Meter("51003302", 40, date(2023, 12, 8), first_reading=1107),),
        load="plant",
        scale=0.75,
        late=LATE,
        never_read=frozenset({date(2025, 8, 6)}),
        gaps=((date(2025, 3, 20), range(9, 15)), (date(2025, 9, 23), range(24))),
    ),
    Plan(
        _account("1000303003", "SAMPLE BUSINESS 3", "Small Power"),
        opened=date(2023, 12, 8),
        meters=(Meter("51003303", 1, date(2023, 12, 8), first_reading=15990),),
        load="barn",
        lights=("Security light 100 W",),
        misread_bill=17,
        short_paid=frozenset({24}),
    ),
)

_NEW = Plan(
    replace(_account("1000505001", "SAMPLE RESIDENT 5"), usage_alert_kwh=45),
    opened=date(2026, 1, 8),
    meters=(Meter("62005501", 1, date(2026, 1, 8), first_reading=12),),
    load="home",
    scale=0.7,
)


_SITES = 28


def _campus(site: int) -> Plan:
    """Return a site; every seventh is on Medium Power, and the last has more lights than a page."""
    medium = site % 7 == 0
    rate = "Medium Power" if medium else "Small Power"
    lights = range(1, 23) if site == _SITES else ()
    multiplier = 20 if medium else 1
    opened = date(2023, 12, 1 + site % 8)
    return Plan(
        replace(_account(f"1000404{site:03}", "SAMPLE DISTRICT 4", rate), multiplier=multiplier),
        opened=opened,
        meters=(Meter(f"51004{site:03}", multiplier, opened, first_reading=700 + 311 * site),),
        load="plant" if medium else "office" if site % 2 else "barn",
        scale=(0.4 if medium else 0.5) + 0.07 * (site % 6),
        lights=tuple(f"Security light 250 W, pole {n}" for n in lights),
    )


CAST: dict[str, tuple[Plan, ...]] = {
    "sandbox-home": (_HOME,),
    "sandbox-solar": (_SOLAR,),
    "sandbox-business": _BUSINESS,
    "1000404001": tuple(_campus(site) for site in range(1, _SITES + 1)),
    "sandbox-new": (_NEW,),
}
"""User id -> the accounts it sees; one user id is an account number, as the portals allow."""
