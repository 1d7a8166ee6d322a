"""A chart may join, leave out or cut off marks of a series; anything else is another's."""

from __future__ import annotations

from decimal import Decimal

from harvester.graph.candidates import Table, choose
from harvester.graph.drawn import Drawn, Group, Mark, Scale, Word
from harvester.graph.fitting import fit
from harvester.graph.points import Raw

BASE, UNIT = 400.0, 60.0
AXIS = Scale(-UNIT, BASE)
VALUES = [Decimal(n * n % 37) / 10 + 1 for n in range(25)]
HOURS = [f"2026-11-01 {h:02}:00" for h in (0, 1, *range(1, 24))]


def bars(values: list[float], lifted: dict[int, float] | None = None) -> Drawn:
    """Draw bars on the axis, some of them standing on another of so much."""
    marks = []
    for n, value in enumerate(values):
        foot = BASE - (lifted or {}).get(n, 0) * UNIT
        ends = sorted((foot, foot - value * UNIT))
        marks.append(Mark(60.0 + n * 30, ends[0], ends[1], "#26a", 20.0))
    return Drawn(groups=[Group("bar", tuple(marks))], scales=[AXIS], charts=1)


def raw(values: list[Decimal], hours: list[str] = HOURS) -> Raw:
    return Raw("", tuple(hours[: len(values)]), tuple(values))


def test_one_mark_for_the_repeated_hour_is_the_whole_series_however_it_joins_them() -> None:
    first, second = VALUES[1:3]
    for joined in (first, second, first + second, (first + second) / 2):
        drawn = bars([float(v) for v in (VALUES[0], joined, *VALUES[3:])])
        found = fit(raw(VALUES), drawn)
        assert found
        assert found.on_axis
        assert set(found.marks) == {0, *range(3, 25)}


def test_one_mark_that_is_of_neither_repeated_hour_is_another_series() -> None:
    drawn = bars([float(v) for v in (VALUES[0], 3 * sum(VALUES[1:3]), *VALUES[3:])])
    assert fit(raw(VALUES), drawn) is None


def test_a_bar_that_stands_on_another_is_as_much_as_it_is_high() -> None:
    drawn = bars([float(v) for v in VALUES], lifted={2: float(VALUES[1])})
    summed = [*VALUES[:2], VALUES[1] + VALUES[2], *VALUES[3:]]
    assert fit(raw(VALUES), drawn)
    assert fit(raw(summed), drawn) is None


def test_bars_too_flat_to_be_drawn_may_lack_and_others_may_not() -> None:
    flat = [*VALUES[:9], Decimal("0.02"), *VALUES[10:]]
    found = fit(raw(flat), bars([float(v) for v in flat if v > 1 or v == 1]))
    assert found
    assert 9 not in found.marks
    low = [*VALUES[:9], Decimal("0.2"), *VALUES[10:]]
    assert fit(raw(low), bars([float(v) for v in low if v >= 1])) is None


def test_a_chart_that_cuts_off_an_end_draws_the_series_and_one_with_a_hole_does_not() -> None:
    values = [float(v) for v in VALUES]
    assert fit(raw(VALUES), bars(values[:-1]))
    assert fit(raw(VALUES), bars(values[1:]))
    assert fit(raw(VALUES), bars(values[:-6])) is None
    assert fit(raw(VALUES), bars(values[:12] + values[13:])) is None


def test_values_below_zero_are_known_by_the_heights_of_bars_that_float() -> None:
    lifted = {n: float(n % 5) for n in range(25)}
    below = [-v for v in VALUES]
    found = fit(raw(below), bars([float(v) for v in below], lifted))
    assert found
    assert found.on_axis


def test_of_two_lists_that_the_same_marks_draw_the_one_with_every_hour_is_taken() -> None:
    drawn = bars([float(v) for v in (VALUES[0], VALUES[1], *VALUES[3:])])
    given = Table({"at": HOURS, "kwh": VALUES}, "a reply")
    made = Table({"at": HOURS[:2] + HOURS[3:], "max": VALUES[:2] + VALUES[3:]}, "memory")
    (found,) = choose([made, given], drawn)
    assert list(found.values) == VALUES


def test_rows_of_two_series_in_turn_are_not_one_series() -> None:
    drawn = bars([float(v) for v in VALUES[:24]])
    drawn.words.append(Word(f"Total: {sum(VALUES[:24])} kWh", 0, 100, 20, drawn=False))
    both = Table({"at": sorted(HOURS[:2] * 6 + HOURS[3:9] * 2), "kwh": VALUES[:24]}, "memory")
    assert choose([both], drawn) == []


def test_a_list_with_the_largest_numbers_is_no_series() -> None:
    vast = [*VALUES[:24], Decimal("1.7976931348623157e308")]
    assert fit(raw(vast), bars([float(v) for v in VALUES])) is None


def test_rows_of_two_series_are_told_apart_by_their_column_of_names() -> None:
    drawn = bars([float(v) for v in VALUES])
    other = [v / 2 for v in VALUES]
    drawn.groups += bars([float(v) for v in other]).groups
    both = {"Used": VALUES, "Given": other}
    rows = [(at, name, both[name][n]) for n, at in enumerate(HOURS) for name in both]
    for order in (rows, sorted(rows, key=lambda row: row[1])):
        at, name, kwh = (list(column) for column in zip(*order, strict=True))
        found = choose([Table({"at": at, "way": name, "kWh": kwh}, "a reply")], drawn)
        assert {r.name: list(r.values) for r in found} == both


def test_a_column_of_qualities_makes_no_series_of_its_own() -> None:
    marks = ["actual"] * 13 + ["estimated"] * 12
    (found,) = choose([Table({"at": HOURS, "kWh": VALUES, "how": marks}, "a reply")],
                      bars([float(v) for v in VALUES]))  # fmt: skip
    assert list(found.values) == VALUES
