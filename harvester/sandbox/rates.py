"""The simulated co-op's rates: published where they are public, assumed and marked so elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from harvester.sandbox.nouns import Component, Line

PCA = Decimal("-0.00067")
TAX = Decimal("0.04")
"""Alabama utility gross receipts tax up to $40,000 a month, which no simulated bill reaches."""
LIGHT = Decimal("12.50")
RECEIVED = Decimal("-0.03000")
PENALTY = Decimal("0.05")
ASSUMED = "assumed rate (simulated)"


@dataclass(frozen=True)
class Tariff:
    """One rate: dollars a day, and dollars a kWh for distribution and for wholesale power."""

    name: str
    access: Decimal
    distribution: Decimal
    wholesale: Decimal
    assumed: bool = False

    @property
    def per_kwh(self) -> Decimal:
        """All that one more kWh costs before tax."""
        return self.distribution + self.wholesale + PCA


TARIFFS = {
    tariff.name: tariff
    for tariff in (
        Tariff("Small Power", Decimal("1.66"), Decimal("0.05909"), Decimal("0.09337")),
        Tariff("Medium Power", Decimal("2.09"), Decimal("0.04245"), Decimal("0.08752")),
        Tariff(
            "Residential", Decimal("1.15"), Decimal("0.04630"), Decimal("0.08590"), assumed=True
        ),
    )
}


def cents(amount: Decimal) -> Decimal:
    """Round half up to cents."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def charges(
    tariff: Tariff, days: int, kwh: int, received_kwh: int | None, lights: Sequence[str]
) -> tuple[Line, ...]:
    """Return the lines of one bill's current charges, tax last; `lights` are their labels."""
    mark = f", {ASSUMED}" if tariff.assumed else ""
    energy, time = Decimal(kwh), Decimal(days)
    lines = [
        _line(f"Access charge{mark}", "access", time, "days", tariff.access),
        _line(f"Distribution{mark}", "distribution", energy, "kWh", tariff.distribution),
        _line(f"Wholesale power{mark}", "wholesale_power", energy, "kWh", tariff.wholesale),
        _line("Power cost adjustment (PCA)", "pca", energy, "kWh", PCA),
    ]
    lines += [_line(f"{light}, {ASSUMED}", "light", Decimal(1), "light", LIGHT) for light in lights]
    if received_kwh is not None:
        label = f"Received energy credit, {ASSUMED}"
        lines.append(_line(label, "credit", Decimal(received_kwh), "kWh", RECEIVED))
    taxable = sum((line.amount for line in lines), Decimal(0))
    lines.append(_line("Alabama utility gross receipts tax", "tax", taxable, "USD", TAX))
    return tuple(lines)


def _line(label: str, component: Component, quantity: Decimal, unit: str, price: Decimal) -> Line:
    return Line(label, component, quantity, unit, price, cents(quantity * price))
