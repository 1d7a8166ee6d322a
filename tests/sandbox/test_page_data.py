"""Where the hours of the graph are in the page, they are those of its day and no feed is there."""

from __future__ import annotations

import json
from datetime import date

from served import WORLD, Visitor, visit

NUMBER = "1000101001"
USAGE = "/My-Account/Usage-History?day=2026-06-11"


def test_the_page_holds_the_hours_of_the_day_and_the_feeds_are_gone() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        (held,) = (await visitor.page(USAGE)).xpath("//script[@id='usageHours']/text()")
        told = json.loads(held)
        (day,) = WORLD.days(NUMBER, date(2026, 6, 11), date(2026, 6, 11))
        assert told["day"] == "2026-06-11"
        known = [None if row["KWH"] == "NaN" else float(row["KWH"]) for row in told["Items"]]
        assert known == [None if hour.wh is None else hour.wh / 1000 for hour in day.hours]
        path = "/DesktopModules/MeterUsage/API/MeterData.aspx/GetDailyUsageData"
        async with visitor.http.post(visitor.root + visitor.base + path, json={}) as reply:
            assert reply.status == 404

    visit(story, "graph-data=page")
