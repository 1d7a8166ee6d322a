"""The simulated portal's feeds answer as those of its siblings, with their oddities."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from asked_of import HOME, MEDIUM, SMALL, SOLAR, kwh, us
from served import WORLD, Visitor, asked, visit

from harvester.sandbox.layout import NEWER, OLDER


def test_hours_come_only_after_the_days_of_the_account_were_asked_in_the_session() -> None:
    async def story(visitor: Visitor) -> None:
        day = ("06/09/2026", "06/10/2026")
        await visitor.sign_in("sandbox-business")
        assert (await visitor.interval(SMALL, *day))["Items"] == []
        await visitor.daily(MEDIUM, "06/09/2026")
        assert (await visitor.interval(SMALL, *day))["Items"] == []
        await visitor.daily(SMALL, "01/05/2026")
        assert len((await visitor.interval(SMALL, *day))["Items"]) == 24
        await visitor.sign_in("sandbox-business")
        assert (await visitor.interval(SMALL, *day))["Items"] == []

    visit(story)


def test_the_daily_feed_tells_total_register_cost_and_meter() -> None:
    first, last = date(2025, 4, 10), date(2025, 4, 30)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        told = await visitor.daily(HOME, us(first), us(last))
        days = WORLD.days(HOME, first, last)
        assert [item["DAILYTIMESTAMPFORMAT"] for item in told["Items"]] == [us(d.day) for d in days]
        assert [item["TOTALENERGY"] for item in told["Items"]] == [str(d.total_kwh) for d in days]
        assert [item["ENDREADING"] for item in told["Items"]] == [str(d.end_reading) for d in days]
        assert [item["Cost"] for item in told["Items"]] == [str(d.cost) for d in days]
        meters = [export["METER"] for export in told["DyExports"]]
        assert meters == ["51001101"] * 7 + ["62004417"] * 14

    visit(story)


def test_an_averaged_day_has_flat_hours_and_no_register_and_an_untold_one_nothing() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        averaged = (await visitor.daily(HOME, "06/13/2026"))["Items"]
        assert [item["ENDREADING"] for item in averaged] == [""]
        hours = (await visitor.interval(HOME, "06/13/2026", "06/14/2026"))["Items"]
        assert len({hour["KWH"] for hour in hours}) == 1
        assert (await visitor.daily(HOME, "06/14/2026"))["Items"] == []
        assert (await visitor.interval(HOME, "06/14/2026", "06/15/2026"))["Items"] == []

    visit(story)


def test_a_silent_day_and_a_silent_hour_are_nan() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        (silent,) = (await visitor.daily(MEDIUM, "09/23/2025"))["Items"]
        assert silent["TOTALENERGY"] == "NaN"
        assert silent["ENDREADING"] == ""
        hours = (await visitor.interval(MEDIUM, "09/23/2025", "09/24/2025"))["Items"]
        assert [hour["KWH"] for hour in hours] == ["NaN"] * 24
        hours = (await visitor.interval(MEDIUM, "03/20/2025", "03/21/2025"))["Items"]
        gaps = [n for n, hour in enumerate(hours) if hour["KWH"] == "NaN"]
        assert gaps == [9, 10, 11, 12, 13, 14]
        assert {hour["GKWH"] for hour in hours} == {"0.00"}

    visit(story)


def test_received_energy_stands_beside_delivered() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-solar")
        await visitor.daily(SOLAR, "06/09/2026")
        hours = (await visitor.interval(SOLAR, "06/09/2026", "06/10/2026"))["Items"]
        (truth,) = WORLD.days(SOLAR, date(2026, 6, 9), date(2026, 6, 9))
        assert [hour["GKWH"] for hour in hours] == [kwh(hour.received_wh) for hour in truth.hours]
        assert any(hour["GKWH"] != "0.00" for hour in hours)
        weather = [(hour["Temp"], hour["Humidity"], hour["WindSpeed"]) for hour in hours]
        assert weather == [(str(h.temp_f), str(h.humidity), str(h.wind_mph)) for h in truth.hours]

    visit(story)


@pytest.mark.parametrize(
    ("mode", "days", "why"), [("truncate", 31, ""), ("error", 0, "31 days"), ("empty", 0, "")]
)
def test_a_range_that_is_too_wide_is_cut_or_refused_or_empty(
    mode: str, days: int, why: str
) -> None:
    first = date(2026, 3, 10)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        whole = await visitor.daily(SMALL, us(first), us(first + timedelta(days=30)))
        assert len(whole["Items"]) == 31
        wide = us(first + timedelta(days=31))
        for told in (
            await visitor.daily(SMALL, us(first), wide),
            await visitor.interval(SMALL, us(first), us(first + timedelta(days=32))),
        ):
            shown = [
                i.get("DAILYTIMESTAMPFORMAT") or i["UsageHourDate"][:10] for i in told["Items"]
            ]
            assert sorted(set(shown)) == [us(first + timedelta(days=n)) for n in range(days)]
            assert why in told["errorObject"]["errordesc"]

    visit(story, f"over-range={mode}")


def test_a_portal_may_answer_one_day_at_a_time_only() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        assert len((await visitor.daily(SMALL, "06/01/2026", "06/05/2026"))["Items"]) == 1
        assert len((await visitor.interval(SMALL, "06/01/2026", "06/02/2026"))["Items"]) == 24
        assert len((await visitor.interval(SMALL, "06/01/2026", "06/03/2026"))["Items"]) == 24

    visit(story, "range-days=1")


@pytest.mark.parametrize(("end", "same", "following"), [("next-day", 0, 24), ("same-day", 24, 48)])
def test_the_end_date_is_the_last_day_or_the_day_after(end: str, same: int, following: int) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        await visitor.daily(SMALL, "06/01/2026")
        told = await visitor.interval(SMALL, "06/01/2026", "06/01/2026")
        assert len(told["Items"]) == same
        told = await visitor.interval(SMALL, "06/01/2026", "06/02/2026")
        assert len(told["Items"]) == following

    visit(story, f"end={end}")


@pytest.mark.parametrize(
    "body",
    [
        asked(SOLAR, "06/09/2026"),
        asked(HOME, "06/09/2026") | {"MemberSep": HOME},
        asked(HOME, "06/09/2026", keymbr="1000101"),
        asked(HOME, "2026-06-09"),
        {},
    ],
    ids=["another member", "no dash", "not padded", "ISO date", "nothing"],
)
def test_a_feed_refuses_what_it_does_not_know_in_its_error_object(body: dict[str, str]) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        _, told = await visitor.method("GetDailyUsageData", body)
        assert told["Items"] == []
        assert told["errorObject"]["errordesc"]

    visit(story, "member=padded")


def test_the_older_feeds_ask_for_no_member_number() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        body = asked(HOME, "06/09/2026", "06/10/2026") | {"IntervalType": "60"}
        del body["keymbr"]
        _, days = await visitor.method("GetDailyUsageData", body)
        _, hours = await visitor.method("GetIntervalData", body)
        assert (len(days["Items"]), len(hours["Items"])) == (2, 24)

    visit(story, base=OLDER)


def test_a_body_that_is_no_object_is_an_error_of_the_page_method() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        url = visitor.root + NEWER + "/DesktopModules/MeterUsage/API/MeterData.aspx/"
        for body in ("", "keymbr=1", "['a']", "{'a': }"):
            async with visitor.http.post(url + "GetDailyUsageData", data=body) as reply:
                assert reply.status == 500
                assert (await reply.json())["Message"] == "Invalid JSON primitive."

    visit(story)


SPRING = ["12:00 AM", "01:00 AM", "03:00 AM", "04:00 AM"]
AUTUMN = ["12:00 AM", "01:00 AM", "01:00 AM", "02:00 AM"]
PLAIN = ["12:00 AM", "01:00 AM", "02:00 AM", "03:00 AM"]


@pytest.mark.parametrize(
    ("faults", "day", "count", "labels"),
    [
        (["dst=true"], "03/08/2026", 23, SPRING),
        (["dst=true"], "11/02/2025", 25, AUTUMN),
        (["dst=always-24"], "03/08/2026", 24, PLAIN),
        (["dst=always-24"], "11/02/2025", 24, PLAIN),
        (["dst=repeat"], "03/08/2026", 24, PLAIN),
        (["dst=repeat"], "11/02/2025", 25, ["12:00 AM", "01:00 AM", "02:00 AM", "02:00 AM"]),
        (
            ["hour-label=ending"],
            "11/02/2025",
            25,
            ["01:00 AM", "01:00 AM", "02:00 AM", "03:00 AM"],
        ),
        (
            ["hour-label=ending"],
            "03/08/2026",
            23,
            ["01:00 AM", "03:00 AM", "04:00 AM", "05:00 AM"],
        ),
    ],
)
def test_the_days_on_which_the_clock_changes_are_told_as_switched(
    faults: list[str], day: str, count: int, labels: list[str]
) -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, day)
        assert len(hours) == count
        assert [hour["UsageHourDate"][11:] for hour in hours[:4]] == labels

    visit(story, *faults)


async def a_day_of_hours(visitor: Visitor, day: str, number: str = SMALL) -> list[dict[str, Any]]:
    month, dom, year = map(int, day.split("/"))
    await visitor.sign_in("sandbox-business")
    await visitor.daily(number, day)
    following = us(date(year, month, dom) + timedelta(days=1))
    items: list[dict[str, Any]] = (await visitor.interval(number, day, following))["Items"]
    return items


def test_a_day_of_always_24_hours_keeps_its_energy() -> None:
    async def story(visitor: Visitor) -> None:
        (autumn,) = WORLD.days(SMALL, date(2025, 11, 2), date(2025, 11, 2))
        wh = [hour.wh or 0 for hour in autumn.hours]
        told = [hour["KWH"] for hour in await a_day_of_hours(visitor, "11/02/2025")]
        assert told == [kwh(w) for w in (wh[0], wh[1] + wh[2], *wh[3:])]
        (spring,) = WORLD.days(SMALL, date(2026, 3, 8), date(2026, 3, 8))
        wh = [hour.wh or 0 for hour in spring.hours]
        told = [hour["KWH"] for hour in await a_day_of_hours(visitor, "03/08/2026")]
        assert told == [kwh(w) for w in (*wh[:2], None, *wh[2:])]

    visit(story, "dst=always-24")


def test_the_last_hour_ends_at_midnight_of_the_next_day() -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, "06/09/2026")
        assert hours[0]["UsageHourDate"] == "06/09/2026 01:00 AM"
        assert hours[-1]["UsageHourDate"] == "06/10/2026 12:00 AM"

    visit(story, "hour-label=ending")


def test_half_hours_are_to_be_had_for_sixty_days_and_add_up() -> None:
    async def story(visitor: Visitor) -> None:
        hours = await a_day_of_hours(visitor, "06/09/2026")
        halves = (await visitor.interval(SMALL, "06/09/2026", "06/10/2026", IntervalType="30"))[
            "Items"
        ]
        assert [half["UsageHourDate"][11:] for half in halves[:3]] == [
            "12:00 AM", "12:30 AM", "01:00 AM",
        ]  # fmt: skip
        cents = [round(float(half["KWH"]) * 100) for half in halves]
        sums = [a + b for a, b in zip(cents[::2], cents[1::2], strict=True)]
        assert sums == [round(float(hour["KWH"]) * 100) for hour in hours]
        old = await visitor.interval(SMALL, "04/15/2026", "04/16/2026", IntervalType="30")
        assert old["Items"] == []

    visit(story, "interval=30")


def test_half_hours_are_refused_where_there_are_none() -> None:
    async def story(visitor: Visitor) -> None:
        await a_day_of_hours(visitor, "06/09/2026")
        told = await visitor.interval(SMALL, "06/09/2026", "06/10/2026", IntervalType="30")
        assert told["Items"] == []
        assert told["errorObject"]["errordesc"]

    visit(story)
