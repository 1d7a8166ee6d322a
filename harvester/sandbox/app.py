"""The portal as a web application on loopback: its routes, and the faults any of them may have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Literal, NamedTuple

from aiohttp import web

from harvester.sandbox import member, sign_in
from harvester.sandbox.counts import Counts
from harvester.sandbox.forms import Seal
from harvester.sandbox.layout import NEWER, Layout, layout
from harvester.sandbox.session import COOKIE, Sessions
from harvester.sandbox.site import (
    DANGEROUS,
    HERE,
    LEDGER,
    METHODS,
    PDF,
    PORTAL_CSS,
    PORTAL_JS,
    Site,
)
from harvester.sandbox.switches import Switches
from harvester.sandbox.world import World

COUNTS = web.AppKey("counts", Counts)
PUBLIC = "/member-benefits-services/usage-monitoring/"
_YEAR_SECONDS = 31_536_000

Handler = Callable[..., Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """`page`, `feed` and `file` need a session; an `open` one and a `static` one do not."""

    name: str
    method: str
    path: str
    kind: Literal["open", "static", "page", "feed", "file", "danger"]
    handler: Handler


def portal(
    world: World,
    *,
    base: str = NEWER,
    switches: Switches | None = None,
    latency_ms: int = 0,
    now: Callable[[], float] = time.monotonic,
) -> web.Application:
    """Return the portal of a world; `now` is the clock that sessions end by, in seconds.

    `base` is /oscp or /onlineportal, ValueError otherwise.  `app[COUNTS]` and `/_sandbox/counts`
    tell what was asked of it.
    """
    switches = switches or Switches()
    sessions = Sessions(switches.session_seconds, switches.expire_after, now)
    delay = (latency_ms + switches.slow) / 1000
    lay = layout(base, switches)
    seal = Seal(f"{base} {world.seed}", lay.generator, validated=lay.validated)
    site = Site(world, lay, switches, sessions, delay, seal)
    app = web.Application()
    app[COUNTS] = site.counts
    app.router.add_get("/_sandbox/counts", partial(_counts, site))
    for route in _routes(site.layout, switches):
        app.router.add_route(route.method, route.path, partial(_answer, site, route))
    return app


async def serve(app: web.Application, port: int = 0) -> tuple[web.AppRunner, int]:
    """Serve on 127.0.0.1 only; `await runner.cleanup()` ends it."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    return runner, int(runner.addresses[0][1])


def _routes(lay: Layout, switches: Switches) -> Iterator[Route]:
    url = lay.url
    yield Route("public", "GET", PUBLIC, "open", sign_in.public)
    yield Route("home", "GET", "/", "open", sign_in.landing)
    yield Route("home", "GET", url("/"), "open", sign_in.landing)
    yield Route("home", "GET", lay.base, "open", sign_in.landing)
    for path in filter(None, (lay.sign_in, lay.popup)):
        yield Route("sign-in form", "GET", url(path), "open", sign_in.show)
        yield Route("sign-in", "POST", url(path), "open", sign_in.submit)
    yield Route("log-off", "GET", url("/Logoff"), "open", sign_in.log_off)
    for name, path in sign_in.OBSTACLES.items():
        yield Route(name, "GET", url(path), "page", sign_in.obstacle)
    if lay.landing != lay.billing:
        yield Route("landing", "GET", url(lay.landing), "page", _to_billing)
    yield Route("billing", "GET", url(lay.billing), "page", member.billing)
    yield Route("select", "POST", url(lay.billing), "page", member.select)
    yield Route("history", "GET", url(lay.history), "page", member.history)
    yield Route("usage", "GET", url(lay.usage), "page", member.usage)
    method = "POST" if switches.pdf == "postback" else "GET"
    yield Route("pdf", method, url(PDF), "file", member.pdf)
    yield Route("daily", "POST", url(METHODS + "GetDailyUsageData"), "feed", member.daily)
    yield Route("interval", "POST", url(METHODS + "GetIntervalData"), "feed", member.interval)
    yield Route("ledger", "POST", url(LEDGER), "feed", member.ledger)
    for name, path in DANGEROUS.items():
        yield Route(name, "*", url(path), "danger", _dangerous)
    for path in (PORTAL_CSS, PORTAL_JS):
        yield Route("static", "GET", url(path), "static", _static)
    yield Route("not found", "*", "/{path:.*}", "static", _not_found)


async def _answer(site: Site, route: Route, request: web.Request) -> web.StreamResponse:
    """Count a request, let it meet the faults that are switched on, and hand it to its handler."""
    site.counts.routes[route.name] += 1
    if route.kind == "danger":
        site.counts.dangerous[route.name] += 1
    if site.delay:
        await asyncio.sleep(site.delay)
    if route.kind == "static":
        return await route.handler(site, request)
    if site.switches.maintenance:
        text = "The member portal is down for scheduled maintenance. Please come back later."
        return site.message(request, "We will be right back", text)
    if route.kind in {"open", "danger"}:
        return await route.handler(site, request)
    return await _signed_in(site, route, request)


async def _signed_in(site: Site, route: Route, request: web.Request) -> web.StreamResponse:
    session = site.sessions.use(request.cookies.get(COOKIE))
    is_page = route.kind == "page"
    if session is None:
        back = "" if is_page and request.method == "GET" else site.layout.billing
        return sign_in.turned_away(site, request, back, is_page=is_page)
    if session.obstacle and route.name != session.obstacle:
        raise web.HTTPFound(site.layout.url(sign_in.OBSTACLES[session.obstacle]))
    if route.kind != "file":
        site.signed_in_requests += 1
        every = site.switches.error_500
        if every and site.signed_in_requests % every == 0:
            return site.fault(request, "Timeout expired. The server is not responding.")
    return await route.handler(site, request, session)


async def _counts(site: Site, _request: web.Request) -> web.Response:
    return web.json_response(site.counts.document())


async def _to_billing(site: Site, _request: web.Request, _session: object) -> web.Response:
    raise web.HTTPFound(site.layout.url(site.layout.billing))


async def _dangerous(site: Site, request: web.Request) -> web.Response:
    return site.message(request, "Thank you", "Nothing was changed: nobody is behind this page.")


async def _static(_site: Site, request: web.Request) -> web.FileResponse:
    kept = {"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"}
    return web.FileResponse(HERE / "static" / request.path.rpartition("/")[2], headers=kept)


async def _not_found(site: Site, request: web.Request) -> web.Response:
    return site.message(request, "Page not found", "There is no such page.", status=404)
