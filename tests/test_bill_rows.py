"""A list that grows while it is read is read to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from conftest import run_async

from harvester.browser import open_browser, open_context
from harvester.platforms.bill_rows import BillRows
from harvester.portal import Portal
from harvester.profile import load
from harvester.wire import Wire

PAGE = """<section id="bills"></section><p id="end" hidden>That is all.</p>
<script>
  const add = count => { for (let n = 0; n < count; n++) document.getElementById('bills').append(
    Object.assign(document.createElement('article'), {innerHTML:
      '<p class="day">Billed on June 1, 2026</p><strong class="total">$1.00</strong>'})); };
  const late = () => { add(2); document.getElementById('end').hidden = false; };
  add(3);
</script>"""


async def nothing(*_: object, **__: object) -> None:
    """Be there already."""


def test_rows_that_come_with_the_end_after_others_were_read_are_read_too() -> None:
    profile = load("example-canvas")
    bills = profile.walk.bills
    assert bills

    async def story() -> list[int]:
        async with (
            open_browser() as browser,
            Wire(profile.origins) as wire,
            open_context(browser, wire, time_zone=profile.time_zone) as context,
        ):
            page, read = await context.new_page(), []
            await page.set_content(PAGE)
            portal = Portal(page, profile, wire, lambda: datetime.now(UTC))
            rows = BillRows(portal, SimpleNamespace(walk=nothing), bills)  # type: ignore[arg-type]
            async for _, found in rows._pages():
                read.append(len(found))
                if len(read) == 1:
                    await page.evaluate("late()")
            return read

    assert run_async(story()) == [3, 5]
