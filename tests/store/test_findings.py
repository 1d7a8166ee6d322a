"""Outcomes of rules are replaced by their origin and subject, and keep since when they hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from harvester.model import Finding
from harvester.store.catalog import Catalog
from harvester.store.findings import Found
from harvester.store.place import Server

NUMBER = "1234567001"
NOW = datetime(2026, 6, 15, 18, 0, 0, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = tuple(f"{date(2026, 6, day)}" for day in (1, 2))


@pytest.fixture
def catalog(place: Path | Server) -> Iterator[Catalog]:
    made = Catalog(place)
    made.account_id("caec", "home", NUMBER)
    yield made
    made.close()


def gaps(*subjects: str, message: str = "23 of 24") -> list[Finding]:
    return [Finding(NUMBER, "gap", subject, message) for subject in subjects]


def keep(
    catalog: Catalog,
    found: list[Finding],
    at: datetime = NOW,
    subjects: set[str] | None = None,
    *,
    origin: str = "days",
    lasting: bool = False,
) -> None:
    catalog.replace_findings(1, origin, [(f, at) for f in found], subjects, lasting=lasting)


def test_findings_are_replaced_by_newer_ones_about_the_same(catalog: Catalog) -> None:
    keep(catalog, gaps(*DAYS))
    keep(catalog, gaps(*DAYS))
    assert catalog.findings(1) == gaps(*DAYS)
    keep(catalog, [], subjects={DAYS[0]})
    assert catalog.findings(1) == gaps(DAYS[1])
    keep(catalog, [])
    assert catalog.findings(1) == []


def test_what_is_said_of_a_part_goes_with_its_subject(catalog: Catalog) -> None:
    keep(catalog, gaps(DAYS[0], f"{DAYS[0]}, received", DAYS[1]))
    assert len(catalog.outcomes(1, DAYS[0])) == 2
    keep(catalog, [], subjects={DAYS[0]})
    assert catalog.findings(1) == gaps(DAYS[1])


def test_findings_of_another_origin_stay(catalog: Catalog) -> None:
    keep(catalog, gaps(DAYS[0]), origin="silence")
    keep(catalog, [])
    assert catalog.findings(1) == gaps(DAYS[0])


def test_a_rule_that_holds_is_an_outcome_and_no_finding(catalog: Catalog) -> None:
    proof = Finding(NUMBER, "day-sum", DAYS[0], "", Decimal("-0.120"), Decimal("0.620"))
    keep(catalog, [proof])
    assert catalog.findings(1) == []
    assert catalog.outcomes(1) == [Found(proof, NOW)]


def test_only_a_lasting_finding_in_the_same_words_keeps_its_first_time(catalog: Catalog) -> None:
    keep(catalog, gaps(DAYS[0]), NOW)
    keep(catalog, gaps(DAYS[0]), NOW + HOUR)
    assert catalog.outcomes(1)[0].since == NOW + HOUR
    keep(catalog, gaps(DAYS[0]), NOW + 2 * HOUR, lasting=True)
    assert catalog.outcomes(1)[0].since == NOW + HOUR
    keep(catalog, gaps(DAYS[0], message="22 of 24"), NOW + 3 * HOUR, lasting=True)
    assert catalog.outcomes(1)[0].since == NOW + 3 * HOUR
