"""The peer of a harvest: a plain script as `playwright codegen` writes it, click by click.

It opens the graph day by day, as a person does who wants the hours and knows no feed.
"""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page

from harvester.browser import open_context
from harvester.profile import Profile
from harvester.wire import Wire


async def fetch(portal: Profile, port: int, user: str, browser: Browser, days: int) -> int:
    """Sign in, click every bill's icon and step through the graph; return the documents."""
    async with (
        Wire(portal.origins, sandbox=port) as wire,
        open_context(browser, wire, time_zone=portal.time_zone) as context,
    ):
        page = await context.new_page()
        await page.goto(portal.url("login"))
        await page.get_by_label("User ID").fill(user)
        await page.get_by_label("Password").fill(f"{user}-Pa55")
        await page.get_by_role("button", name="Sign In").click()
        await page.get_by_role("button", name="Looks good").click()
        await page.get_by_role("link", name="Account History").click()
        documents = await _documents(page)
        await page.get_by_role("link", name="Usage History").click()
        await page.locator("#usageChart svg").wait_for()
        for _ in range(days - 1):
            async with page.expect_response("**/GetIntervalData"):
                await page.get_by_role("button", name="Earlier").click()
        return documents


async def _documents(page: Page) -> int:
    icons = page.locator(".fa-file-pdf-o")
    await icons.first.wait_for()
    count = await icons.count()
    for place in range(count):
        async with page.expect_download() as coming:
            await icons.nth(place).click()
        download = await coming.value
        content = Path(await download.path()).read_bytes()  # noqa: ASYNC240 - as a script would
        if not content.startswith(b"%PDF-"):
            raise SystemExit("the peer did not get the bills: no figure means anything")
    return count
