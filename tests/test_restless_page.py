"""One page of a portal, looked at until it shows what is looked for or will never."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from aiohttp import web
from conftest import run_async

from harvester.browser import open_browser, open_context
from harvester.errors import State, Transient
from harvester.portal import RELOADS, Portal
from harvester.profile import load
from harvester.sandbox.app import serve
from harvester.wire import Wire

RESTLESS = "<!DOCTYPE html><p>One moment</p><script>onload = () => location.reload()</script>"


def test_a_page_that_loads_itself_for_ever_is_left_after_a_few_times() -> None:
    loads: Counter[str] = Counter()

    async def restless(request: web.Request) -> web.Response:
        loads[request.path] += 1
        return web.Response(text=RESTLESS, content_type="text/html")

    async def scenario() -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", restless)
        runner, port = await serve(app)
        profile = load("caec")
        try:
            async with (
                Wire(profile.origins, sandbox=port) as wire,
                open_browser() as browser,
                open_context(browser, wire, time_zone=profile.time_zone) as context,
            ):
                portal = Portal(await context.new_page(), profile, wire, lambda: datetime.now(UTC))
                await portal.goto("login")
                with pytest.raises(Transient) as caught:
                    await portal.find("user")
                assert caught.value.state is State.PORTAL_DOWN
                return str(caught.value)
        finally:
            await runner.cleanup()

    assert "keeps loading its page anew" in run_async(scenario())
    assert RELOADS < loads[load("caec").routes["login"].replace("{base}", "/oscp")] < 5 * RELOADS
