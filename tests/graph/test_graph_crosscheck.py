"""Strategies that differ are a doubt that names both; a printed total is one more check."""

from __future__ import annotations

from decimal import Decimal

from harvester.graph.crosscheck import check_total, compare
from harvester.graph.points import Point, Series
from harvester.graph.sentences import gather, sayings


def series(strategy: str, *values: str | None, precision: str = "0") -> Series:
    points = tuple(
        Point(f"{n}", None, 0, None, None if v is None else Decimal(v))
        for n, v in enumerate(values)
    )
    return Series("", "kWh", points, strategy, "a test", Decimal(precision))


def test_values_within_the_precision_of_both_agree() -> None:
    best = series("objects", "1.234", None, "2.0")
    assert compare([best], [series("tips", "1.23", "2.00", precision="0.005")]) is None


def test_values_further_apart_are_a_doubt_that_names_both_and_the_place() -> None:
    doubt = compare([series("received", "1.2", "3.4")], [series("heap", "1.2", "3.5")])
    assert doubt is not None
    assert "received and heap differ by up to 0.1 at 1" in doubt.message
    assert (doubt.residual, doubt.tolerance) == (Decimal("0.1"), Decimal(0))


def test_readings_that_cannot_be_the_same_series_are_a_doubt() -> None:
    doubt = compare([series("objects", "1", "2", "3")], [series("labels", "1", "2")])
    assert doubt is not None
    assert "cannot be the same series" in doubt.message


def test_a_series_that_only_another_exact_strategy_has_is_not_dropped_in_silence() -> None:
    one, two = series("received", "1", "2"), series("heap", "3", "4")
    doubt = compare([one], [series("heap", "1", "2"), two])
    assert doubt is not None
    assert doubt.rule == "series-missing"


def test_a_printed_total_is_compared_with_the_sum_within_what_it_prints() -> None:
    read = [series("objects", "1.23", "2.34")]
    assert check_total(read, [Decimal("3.6")]) == (True, None)
    agrees, doubt = check_total(read, [Decimal("3.7")])
    assert not agrees
    assert doubt is not None
    assert doubt.residual == Decimal("0.13")


def test_a_sentence_gives_hour_value_unit_and_mark() -> None:
    (said,) = sayings("06/11/2026 02:00 PM: 1.23 kWh (averaged)")
    assert (said.label, said.value, said.unit, said.mark) == (
        "06/11/2026 02:00 PM", Decimal("1.23"), "kWh", "averaged",
    )  # fmt: skip
    (gap,) = sayings("06/11/2026 02:00 PM: no reading")
    assert gap.value is None
    (trailing,) = sayings("Sunday, Nov 1, 01:00 AM, 0.64. Used.")
    assert (trailing.name, trailing.value) == ("Used", Decimal("0.64"))


def test_a_text_of_many_hours_is_of_none() -> None:
    assert sayings("12 AM 3 AM 6 AM Used: 1.5") == []


def test_texts_of_one_series_each_are_told_apart_by_their_names() -> None:
    told = [f"{h}:00 AM: {v} kWh {n}" for n in ("Used", "Received") for h, v in ((1, 5), (2, 7))]
    used, received = gather([*told[:2], "3:00 AM: no value", *told[2:]], "titles")
    assert (used.name, used.values) == ("Used", (Decimal(5), Decimal(7), None))
    assert (received.name, received.values) == ("Received", (Decimal(5), Decimal(7)))


def test_a_series_may_be_named_behind_the_value_and_its_unit_before_it() -> None:
    (said,) = sayings("hour: 1:00 AM; kWh: 0.87; series: Used")
    assert (said.name, said.value) == ("Used", Decimal("0.87"))
