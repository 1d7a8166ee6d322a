"""The hours of a graph are told from how its times step, and never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from harvester.graph.hours import clock, lacking, resolve
from harvester.graph.points import Epoch

CHICAGO = ZoneInfo("America/Chicago")
SPRING, AUTUMN, SUMMER = date(2026, 3, 8), date(2026, 11, 1), date(2026, 6, 11)


def utc(day: date, *hours: int) -> list[Epoch]:
    """Return milliseconds of hours after a day's beginning in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [Epoch(int((start + timedelta(hours=h)).timestamp() * 1000)) for h in hours]


def walls(hours: object) -> list[tuple[int, int]]:
    """Return hour and ordinal of each."""
    return [(w.wall.hour, w.ordinal) for w in hours.whens if w.wall]  # type: ignore[attr-defined]


def test_instants_step_by_an_hour_over_both_changes_of_the_clock() -> None:
    spring = resolve(utc(SPRING, *range(6, 29)), CHICAGO, None)
    assert walls(spring) == [(h, 0) for h in (0, 1, *range(3, 24))]
    autumn = resolve(utc(AUTUMN, *range(5, 30)), CHICAGO, None)
    assert walls(autumn)[:4] == [(0, 0), (1, 0), (1, 1), (2, 0)]
    assert len(walls(autumn)) == 25
    assert spring.doubts == autumn.doubts == ()


def test_wall_time_stored_as_utc_is_known_by_its_skip_and_its_repetition() -> None:
    spring = resolve(utc(SPRING, 0, 1, *range(3, 24)), CHICAGO, None)
    assert walls(spring) == [(h, 0) for h in (0, 1, *range(3, 24))]
    autumn = resolve(utc(AUTUMN, 0, 1, 1, *range(2, 24)), CHICAGO, None)
    assert walls(autumn)[:4] == [(0, 0), (1, 0), (1, 1), (2, 0)]
    assert all(w.instant is None for w in autumn.whens)


def test_part_of_a_day_whose_times_may_be_either_is_given_no_hour() -> None:
    part = resolve(utc(SUMMER, 8, 9, 10), CHICAGO, None)
    assert [w.wall for w in part.whens] == [None] * 3
    assert [rule for rule, _ in part.doubts] == ["hours-undecided"]


def test_the_hour_that_a_local_date_loses_in_spring_is_reported_and_given_to_no_value() -> None:
    # new Date(2026, 2, 8, 2) is the same instant as new Date(2026, 2, 8, 3): 8 AM in UTC.
    lost = resolve(utc(SPRING, 6, 7, 8, 8, *range(9, 29)), CHICAGO, None)
    assert [w.wall for w in lost.whens[2:4]] == [None, None]
    assert [rule for rule, _ in lost.doubts] == ["hour-lost"]


def test_the_second_of_two_values_at_one_autumn_instant_keeps_its_ordinal() -> None:
    # new Date(2026, 10, 1, 1) twice is 6 AM in UTC twice; 2 AM is 8 AM in UTC.
    twice = resolve(utc(AUTUMN, 5, 6, 6, *range(8, 30)), CHICAGO, None)
    assert walls(twice)[:4] == [(0, 0), (1, 0), (1, 1), (2, 0)]
    assert twice.whens[2].instant is None
    assert [rule for rule, _ in twice.doubts] == ["hour-repeated"]


def test_a_value_at_an_hour_that_never_was_is_in_doubt() -> None:
    labels = [f"03/08/2026 {h:02}:00" for h in range(24)]
    never = resolve(labels, CHICAGO, None)
    assert [rule for rule, _ in never.doubts] == ["hour-never"]


def test_labels_of_hours_need_a_day_from_the_page() -> None:
    labels = ["12 AM", "1 AM", "2 AM"]
    assert [w.wall for w in resolve(labels, CHICAGO, None).whens] == [None] * 3
    assert walls(resolve(labels, CHICAGO, SUMMER)) == [(0, 0), (1, 0), (2, 0)]


def test_the_last_label_of_hours_by_their_ends_is_the_next_midnight() -> None:
    labels = [*(f"{h}:00" for h in range(1, 24)), "24:00"]
    assert resolve(labels, CHICAGO, SUMMER).whens[-1].wall == datetime(2026, 6, 12)  # noqa: DTZ001 - wall time


def test_hours_that_a_day_has_and_the_graph_lacks_are_named() -> None:
    without = resolve([f"11/01/2026 {h:02}:00" for h in range(24)], CHICAGO, None)
    assert lacking(without.whens, CHICAGO) == ("2026-11-01 01:00-0600",)
    whole = resolve(utc(SPRING, *range(6, 29)), CHICAGO, None)
    assert lacking(whole.whens, CHICAGO) == ()


def test_an_hour_that_names_its_zone_is_the_second_one_also_where_the_first_is_lacking() -> None:
    both = resolve(["12:00 AM", "1:00 AM CDT", "1:00 AM CST", "2:00 AM"], CHICAGO, AUTUMN)
    assert walls(both) == [(0, 0), (1, 0), (1, 1), (2, 0)]
    one = resolve(["12:00 AM", "1:00 AM (CST)", "2:00 AM CST"], CHICAGO, AUTUMN)
    assert walls(one) == [(0, 0), (1, 1), (2, 0)]


def test_a_date_as_a_browser_prints_it_is_an_instant() -> None:
    label = "Sun Nov 01 2026 01:00:00 GMT-0600 (Central Standard Time)"
    (when,) = resolve([label], CHICAGO, None).whens
    assert (when.ordinal, when.instant) == (1, datetime(2026, 11, 1, 7, tzinfo=UTC))
    said = clock(f"{label}: 1.23 kWh")
    assert said.rest.strip(" :") == "1.23 kWh"


def test_two_times_of_a_label_are_an_hour_and_not_an_offset() -> None:
    labels = [f"06/11/2026 {h:02}:00-{h + 1:02}:00" for h in range(4, 8)]
    assert walls(resolve(labels, CHICAGO, None)) == [(h, 0) for h in range(4, 8)]
    (iso,) = resolve(["2026-06-11T06:00-07:00"], CHICAGO, None).whens
    assert iso.instant == datetime(2026, 6, 11, 13, tzinfo=UTC)
