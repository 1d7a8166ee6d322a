"""The portal as a web application on loopback: its routes, and the order of what they may meet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Literal, NamedTuple

from aiohttp import web

from harvester.sandbox import member, roster, sign_in, trouble
from harvester.sandbox.counts import Counts
from harvester.sandbox.forms import Seal
from harvester.sandbox.layout import NEWER, OLDER, Layout, layout
from harvester.sandbox.session import COOKIE, Sessions
from harvester.sandbox.site import (
    DANGEROUS,
    HERE,
    LEDGER,
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
    """`page`, `feed`, `file` and `hop` (to a page) need a session; `open` and `static` do not."""

    name: str
    method: str
    path: str
    kind: Literal["open", "static", "page", "hop", "feed", "file", "danger"]
    handler: Handler


def portal(
    world: World,
    *,
    base: str = NEWER,
    switches: Switches | None = None,
    latency_ms: int = 0,
    now: Callable[[], float] = time.monotonic,
) -> web.Application:
    """Return the portal of a world; `now` is its clock in seconds, by which sessions and locks end.

    `base` is /oscp or /onlineportal, ValueError otherwise.  `app[COUNTS]` and `/_sandbox/counts`
    tell what was asked of it.
    """
    switches = switches or Switches()
    sessions = Sessions(switches.session_seconds, switches.expire_after, now)
    lay = layout(base, switches)
    if switches.moved_base != "off":
        lay = layout(OLDER if base == NEWER else NEWER, switches)
    if switches.reissued_bill or switches.net:
        changed = {"reissued": switches.reissued_bill, "net": switches.net}
        world = World(world.seed, world.today, **changed)
    seal = Seal(f"{lay.base} {world.seed}", lay.generator, validated=lay.validated)
    site = Site(world, lay, switches, sessions, now, now(), latency_ms / 1000, seal)
    app = web.Application()
    app[COUNTS] = site.counts
    app.router.add_get("/_sandbox/counts", partial(_counts, site))
    for route in (*_routes(site.layout, switches), *_elsewhere(base, switches)):
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
    for path in filter(None, (lay.sign_in, lay.popup, lay.frame)):
        yield Route("sign-in form", "GET", url(path), "open", sign_in.show)
        yield Route("sign-in", "POST", url(path), "open", sign_in.submit)
    yield Route("log-off", "GET", url("/Logoff"), "open", sign_in.log_off)
    for name, path in sign_in.OBSTACLES.items():
        yield Route(name, "GET", url(path), "page", sign_in.obstacle)
    if lay.landing != lay.billing:
        yield Route("landing", "GET", url(lay.landing), "hop", _to_billing)
    yield Route("billing", "GET", url(lay.billing), "page", member.billing)
    yield Route("select", "POST", url(lay.billing), "page", member.select)
    yield Route("history", "GET", url(lay.history), "page", member.history)
    yield Route("usage", "GET", url(lay.usage), "page", member.usage)
    method = "POST" if switches.pdf == "postback" else "GET"
    yield Route("pdf", method, url(PDF), "file", member.pdf)
    yield Route("ledger", "POST", url(LEDGER), "feed", member.ledger)
    if switches.graph_data == "feed":
        yield from _feeds(lay)
    for name, path in DANGEROUS.items():
        yield Route(name, "*", url(path), "danger", _dangerous)
    for path in (PORTAL_CSS, PORTAL_JS):
        yield Route("static", "GET", url(path), "static", _static)


def _feeds(lay: Layout) -> Iterator[Route]:
    url = lay.url
    yield Route("daily", "POST", url(lay.methods + "GetDailyUsageData"), "feed", member.daily)
    yield Route("interval", "POST", url(lay.methods + "GetIntervalData"), "feed", member.interval)


def _elsewhere(old: str, switches: Switches) -> Iterator[Route]:
    """Yield what is at no place of the portal's: its old base, if it has moved, and nothing."""
    if switches.moved_base != "off":
        for path in (old, old + "/{path:.*}"):
            yield Route("old base", "*", path, "open", _moved)
    yield Route("not found", "*", "/{path:.*}", "static", _not_found)


async def _answer(site: Site, route: Route, request: web.Request) -> web.StreamResponse:
    """Count a request, let it meet the faults that are switched on, and hand it to its handler."""
    site.counts.routes[route.name] += 1
    if route.kind == "danger":
        site.counts.dangerous[route.name] += 1
    if route.kind != "static":
        site.tally["request"] += 1
    if seconds := trouble.delay(site):
        await asyncio.sleep(seconds)
    if route.kind == "static":
        return await route.handler(site, request)
    if refused := trouble.refused(site, request):
        return refused
    if route.kind in {"open", "danger"}:
        return await route.handler(site, request)
    return await _signed_in(site, route, request)


async def _signed_in(site: Site, route: Route, request: web.Request) -> web.StreamResponse:
    session = site.sessions.use(request.cookies.get(COOKIE))
    if session and session.obstacle:
        if route.name != session.obstacle:
            raise web.HTTPFound(site.layout.url(sign_in.OBSTACLES[session.obstacle]))
        return await route.handler(site, request, session)
    if session:
        site.tally.update(("signed-in", route.name))
        if trouble.expires(site, route.name):
            site.sessions.close(session)
            session = None
    if session is None:
        is_page = route.kind in {"page", "hop"}
        back = "" if is_page and request.method == "GET" else site.layout.billing
        return sign_in.turned_away(site, request, back, is_page=is_page)
    if spoiled := trouble.spoiled(site, request, route.kind):
        return spoiled
    if not roster.settle(site, session) and route.kind == "page":
        text = "There is no account linked to your user ID. Please call (800) 555-0100."
        return site.message(request, "Billing & Payments", text, session=session)
    return await trouble.handed_over(
        site, request, route.kind, await route.handler(site, request, session)
    )


async def _counts(site: Site, _request: web.Request) -> web.Response:
    return web.json_response(site.counts.document())


async def _to_billing(site: Site, _request: web.Request, _session: object) -> web.Response:
    raise web.HTTPFound(site.layout.url(site.layout.billing))


async def _moved(site: Site, _request: web.Request) -> web.Response:
    if site.switches.moved_base == "redirect":
        raise web.HTTPMovedPermanently(site.layout.url("/"))
    text = "The resource you are looking for has been removed, renamed or is unavailable."
    return site.bare(HTTPStatus.NOT_FOUND, "404 - File or directory not found.", text)


async def _dangerous(site: Site, request: web.Request) -> web.Response:
    return site.message(request, "Thank you", "Nothing was changed: nobody is behind this page.")


async def _static(_site: Site, request: web.Request) -> web.FileResponse:
    kept = {"Cache-Control": f"public, max-age={_YEAR_SECONDS}, immutable"}
    return web.FileResponse(HERE / "static" / request.path.rpartition("/")[2], headers=kept)


async def _not_found(site: Site, request: web.Request) -> web.Response:
    return site.message(request, "Page not found", "There is no such page.", status=404)
