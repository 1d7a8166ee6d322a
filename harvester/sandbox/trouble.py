"""What may happen to any request before its handler has it, and to its answer afterwards."""

from __future__ import annotations

import math
import socket
import struct
from http import HTTPStatus

from aiohttp import web

from harvester.sandbox import feeds
from harvester.sandbox.site import Site

FOREIGN = "https://billing.example.net/"


def delay(site: Site) -> float:
    """Return how many seconds a request waits."""
    slow = site.tally["request"] >= site.switches.slow_from
    return site.delay + (site.switches.slow / 1000 if slow else 0)


def refused(site: Site, request: web.Request) -> web.Response | None:
    """Return the answer of a portal that is not to be had at all, None where it is."""
    switches, nth = site.switches, site.tally["request"]
    if switches.blocked and nth >= switches.blocked:
        text = "Your request was blocked. You do not have permission to view this site."
        return site.bare(HTTPStatus.FORBIDDEN, "403 Forbidden", text)
    if nth <= switches.down:
        text = "HTTP Error 503. The service is unavailable."
        return site.bare(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable", text)
    if site.now() < site.limited_until:
        return _limited(site)
    closed = switches.maintenance and nth >= switches.maintenance_from
    if closed and _lasts(site, "maintenance", switches.maintenance_requests):
        text = "The member portal is down for scheduled maintenance. Please come back later."
        return site.message(request, "We will be right back", text)
    return None


def expires(site: Site, name: str) -> bool:
    """Tell whether a counted request of this name finds its session ended."""
    at = {"pdf": site.switches.expire_at_pdf, "interval": site.switches.expire_at_interval}
    return at.get(name) == site.tally[name]


def spoiled(site: Site, request: web.Request, kind: str) -> web.Response | None:
    """Return what a signed-in request is answered instead, None if it gets its answer."""
    switches = site.switches
    limit = switches.rate_limit
    if 0 < limit <= site.tally["signed-in"] and _lasts(site, "limited", 1):
        site.limited_until = site.now() + switches.rate_limit_seconds
        return _limited(site)
    if kind not in {"page", "feed"}:
        return None
    why = "Timeout expired. The server is not responding."
    if _every(site, "error-500", switches.error_500) and _lasts(
        site, "spoiled", switches.error_500_requests
    ):
        return site.fault(request, why)
    if _every(site, "error-200", switches.error_200):
        return site.fault(request, why, HTTPStatus.OK)
    if kind == "feed" and _every(site, "error-object", switches.error_object):
        text = "An error has occurred while your usage was retrieved. Please try again later."
        return web.json_response({"d": feeds.nothing(text)})
    if kind == "page" and 0 < switches.foreign_redirect_at <= _nth(site, "foreign-redirect"):
        raise web.HTTPFound(FOREIGN)
    return None


async def handed_over(
    site: Site, request: web.Request, kind: str, response: web.StreamResponse
) -> web.StreamResponse:
    """Return an answer as it gets through: whole, half, or half until the connection is reset."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    switches = site.switches
    half = response.body[: len(response.body) // 2]
    if kind == "file" and _nth(site, "reset-pdf") == switches.reset_pdf:
        return await _cut(request, response, half)
    if kind not in {"page", "feed"}:
        return response
    if _nth(site, "reset-answer") == switches.reset_answer:
        return await _cut(request, response, half)
    if kind == "feed" and _nth(site, "truncated-feed") == switches.truncated_feed:
        response.body = half
    return response


async def _cut(request: web.Request, whole: web.Response, half: bytes) -> web.StreamResponse:
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    response.content_length = whole.content_length
    await response.prepare(request)
    await response.write(half)
    if transport := request.transport:
        # Closed without lingering, a connection ends by a reset and not by a good-bye.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return response


def _limited(site: Site) -> web.Response:
    seconds = math.ceil(site.limited_until - site.now())
    text = f"You have sent too many requests. Please try again in {seconds} seconds."
    response = site.bare(HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests", text)
    response.headers["Retry-After"] = str(seconds)
    return response


def _nth(site: Site, name: str) -> int:
    """Count one more and return how many there are."""
    site.tally[name] += 1
    return site.tally[name]


def _every(site: Site, name: str, every: int) -> bool:
    return _nth(site, name) % every == 0 if every else False


def _lasts(site: Site, name: str, most: int) -> bool:
    """Count what a fault answers; tell whether it still does (0: for good)."""
    return _nth(site, name) <= most or most == 0
