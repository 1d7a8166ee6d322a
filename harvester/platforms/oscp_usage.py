"""Asks the portal's usage feeds for many days in few requests, judging each answer by its days."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import date, timedelta
from http import HTTPStatus

from playwright.async_api import Request

from harvester import printed
from harvester.errors import Drift, State, Transient
from harvester.model import Kind
from harvester.portal import Portal, Reply

DAY = timedelta(days=1)
LATE = 3 * DAY
"""The newest days may come late; that they are missing says nothing about the width of a range."""
HOLE = 7 * DAY
"""Days that are farther apart are not asked for together."""
LOOK_BACK = (0, LATE.days, 31, 92, 183, 366)
"""Days back from the newest where a feed that is silent so far is tried: service may have ended."""
ERRORS = 8
"""So many errors on end mean that a feed is down; fewer, that a day of it cannot be had."""
LEARN_SECONDS = 5.0
HOURS = "60"
"""The interval that every co-op has of every day."""

_STAMPS = {Kind.DAILY: "DAILYTIMESTAMPFORMAT", Kind.INTERVAL: "UsageHourDate"}
_MIDNIGHT = re.compile(r"\s(12:00(:00)? AM|0?0:00(:00)?)$")
_ROUTES = {Kind.DAILY: "daily", Kind.INTERVAL: "interval"}

Answer = tuple[Kind, Reply, Mapping[str, str]]
_Told = tuple[list[date], Reply, set[date]]
_Swept = tuple[list[date], Reply, set[date], set[date]]


class UsageFeed:
    """The daily and the interval feed of one account, on its open usage page."""

    def __init__(self, portal: Portal, account: str) -> None:
        self.portal = portal
        self.account = account
        self._heard = asyncio.Event()
        member, separator = account[:-3], account[-3:]
        self._asked = {
            "keymbr": member.zfill(portal.profile.feed.member_digits),
            "MemberSep": f"{member}-{separator}",
            "IsEnergy": "false",
            "IsPPM": "false",
            "IsCostEnable": "3",
        }
        self._proven = {Kind.DAILY: 0, Kind.INTERVAL: 0}
        """The widest range, in days, that a feed was seen to answer from end to end."""
        self._width = {Kind.DAILY: 0, Kind.INTERVAL: 0}
        """The range to ask for: as proven, or as it would be but for days that come late."""
        self._held_back = False
        """Whether the daily feed was seen to answer less than it was asked for."""
        self._prime_each = False
        self._minutes: str = portal.profile.feed.interval_minutes
        self._errors = 0
        """How many requests on end were answered with an error."""

    @asynccontextmanager
    async def learning(self) -> AsyncIterator[None]:
        """Take over what the page itself sends while it is opened; fall back to what is known."""
        self.portal.page.on("request", self._hear)
        try:
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(LEARN_SECONDS):
                    await self._heard.wait()
        finally:
            self.portal.page.remove_listener("request", self._hear)
        if printed.digits(self._asked["MemberSep"]) != self.account:
            raise Drift(
                State.PORTAL_CHANGED,
                f"The usage page of {self.portal.profile.name} asks for another account than the"
                f" selected …{self.account[-3:]}; nothing of it was taken.",
            )

    def _hear(self, request: Request) -> None:
        if request.url.partition("?")[0] != self.portal.profile.url("daily"):
            return
        sent = printed.sent(request.post_data or "")
        if "MemberSep" in sent:
            self._asked = {k: v for k, v in sent.items() if k not in {"StartDate", "EndDate"}}
            self._heard.set()

    async def fetch(self, days: Collection[date], hours: Collection[date]) -> AsyncIterator[Answer]:
        """Yield the answers for `days` of the daily and `hours` of the interval feed.

        `about` of an answer: `first` and `last` day, and `missing`: days that it has nothing for
        although no wider than what was proven to be answered in full.  A day that is in no answer
        and in no `missing` was not got.
        """
        if hours and not days:
            days = {max(hours)}  # the interval feed is silent before the daily one was asked
        async for span, reply, got, settled in self._sweep(Kind.DAILY, set(days)):
            yield Kind.DAILY, reply, _about(span, settled - got)
        left = set(hours)
        if self._minutes != HOURS:  # finer steps are to be had of recent days, or of none
            oldest = date.max
            with suppress(Transient):
                async with aclosing(self._sweep(Kind.INTERVAL, set(hours))) as answers:
                    async for span, reply, got, _ in answers:
                        left -= got
                        oldest = min([oldest, *got])
                        if got:
                            yield Kind.INTERVAL, reply, _about(span, ())
                        elif span[-1] < oldest:
                            break
            self._minutes = HOURS
            self._width[Kind.INTERVAL] = 0
        async for span, reply, got, settled in self._sweep(Kind.INTERVAL, left):
            yield Kind.INTERVAL, reply, _about(span, settled - got)

    async def _sweep(self, kind: Kind, wanted: set[date]) -> AsyncGenerator[_Swept, None]:
        """Find the widest range that is answered in full, then ask for the rest in that range.

        Yield range, reply, the days that it has, and the days that it settles.
        """
        left = set(wanted)
        async for span, reply, got in self._probe(kind, wanted):
            settled = self._settled(kind, span, got)
            left -= settled
            yield span, reply, got, settled
        for widest in (self._width, self._proven):
            for span in list(_spans(left, widest[kind])) if widest[kind] else ():
                async for part, reply, got in self._narrowing(kind, span):
                    settled = self._settled(kind, part, got)
                    left -= settled
                    yield part, reply, got, settled

    def _settled(self, kind: Kind, span: list[date], got: set[date]) -> set[date]:
        """Return the days of a range whose answer is final: all, if it is no wider than proven."""
        if got:
            self._proven[kind] = max(self._proven[kind], (max(got) - min(got)).days + 1)
        return set(span) if len(span) <= self._proven[kind] else got

    async def _narrowing(self, kind: Kind, span: list[date]) -> AsyncIterator[_Told]:
        """Ask for a range; where an error comes, for its parts, so that one day stops no other."""
        try:
            reply, got = await self._ask(kind, span)
        except Transient as refused:
            self._bear(refused)
            ranges = self.portal.profile.feed.ranges
            narrower = next((width for width in ranges if width < len(span)), 0)
            for part in _spans(span, narrower) if narrower else ():
                async for answer in self._narrowing(kind, part):
                    yield answer
        else:
            yield span, reply, got

    def _bear(self, refused: Transient) -> None:
        """Raise the failure again if it is not of one request, or one too many of them."""
        self._errors += 1
        if refused.state is not State.PORTAL_DOWN or self._errors >= ERRORS:
            raise refused

    async def _probe(self, kind: Kind, wanted: set[date]) -> AsyncIterator[_Told]:
        """Yield the first answer that has days in it, with its range.

        The widest range tells most; finer steps are looked for in the newest days alone.
        """
        finer = kind is Kind.INTERVAL and self._minutes != HOURS
        failure: Transient | None = None
        tried: set[tuple[date, date]] = set()
        for back in LOOK_BACK[:2] if finer else LOOK_BACK:
            anchored = {day for day in wanted if day <= max(wanted) - back * DAY}
            for width in self._widths(kind) if anchored else ():
                spans = [*_spans(anchored, width)]
                span = spans[0] if finer else max(spans, key=len)
                if (span[0], span[-1]) in tried:
                    continue
                tried.add((span[0], span[-1]))
                try:
                    reply, got = await self._ask(kind, span)
                except Transient as refused:
                    self._bear(refused)
                    failure = refused
                    continue
                if got:
                    late = span[-1] == max(wanted) and max(got) >= span[-1] - LATE
                    reach = span[-1] if late else max(got)
                    self._width[kind] = (reach - min(got)).days + 1
                    if kind is Kind.DAILY:
                        self._held_back = len(tried) > 1 or self._width[kind] < len(span)
                    yield span, reply, got
                    return
        if failure:
            raise failure

    def _widths(self, kind: Kind) -> list[int]:
        ranges = self.portal.profile.feed.ranges
        known = self._width[Kind.DAILY] if kind is Kind.INTERVAL and self._held_back else 0
        return [known, *(width for width in ranges if width < known)] if known else list(ranges)

    async def _ask(self, kind: Kind, span: list[date]) -> tuple[Reply, set[date]]:
        """Ask for a range and return the reply with the days of the range that it has rows for."""
        if kind is Kind.INTERVAL and self._prime_each:
            await self._post(Kind.DAILY, span)
        reply, got = await self._post(kind, span)
        if kind is Kind.INTERVAL and not got and not self._proven[kind] and not self._prime_each:
            await self._post(Kind.DAILY, span)
            reply, got = await self._post(kind, span)
            self._prime_each = bool(got)
        self._errors = 0
        return reply, got

    async def _post(self, kind: Kind, span: list[date]) -> tuple[Reply, set[date]]:
        feed = self.portal.profile.feed
        last = span[-1]
        asked = dict(self._asked)
        if kind is Kind.INTERVAL:
            asked = {name: asked[name] for name in ("keymbr", "MemberSep") if name in asked}
            asked["IntervalType"] = self._minutes
            last += DAY if feed.interval_end == "next_day" else 0 * DAY
        dates = {"StartDate": f"{span[0]:%m/%d/%Y}", "EndDate": f"{last:%m/%d/%Y}"}
        reply = await self.portal.post(_ROUTES[kind], asked | dates)
        items = self._items(kind, reply)
        if kind is Kind.INTERVAL and self._minutes != HOURS:
            # Days that are kept by the hour may come as finer rows, none of them with a reading
            items = [item for item in items if printed.amount(str(item.get("KWH"))) is not None]
        stamps = [str(item.get(_STAMPS[kind], "")) for item in items]
        if kind is Kind.INTERVAL and feed.hour_label == "ending":
            stamps = [stamp for stamp in stamps if not _MIDNIGHT.search(stamp)]  # the day before's
        days = set(map(printed.day, stamps))
        return reply, {day for day in span if day in days}

    def _items(self, kind: Kind, reply: Reply) -> list[dict[str, object]]:
        if reply.status == HTTPStatus.OK:
            with suppress(ValueError):
                told = printed.feed(reply.content)
                if not told.error:
                    return told.items
        raise Transient(
            State.PORTAL_DOWN,
            f"{self.portal.profile.name} answered its {_ROUTES[kind]} feed with an error"
            f" (HTTP {reply.status}); nothing was lost, run again later.",
        )


def _spans(days: Collection[date], width: int) -> Iterator[list[date]]:
    """Group days into ranges of at most `width` days, newest first; each holds all its days."""
    last = first = None
    for day in sorted(days, reverse=True):
        if last is None or first is None or first - day > HOLE or (last - day).days >= width:
            if first and last:
                yield _range(first, last)
            last = day
        first = day
    if first and last:
        yield _range(first, last)


def _range(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def _about(span: list[date], missing: Collection[date]) -> dict[str, str]:
    return {
        "first": f"{span[0]}",
        "last": f"{span[-1]}",
        "missing": " ".join(f"{day}" for day in sorted(missing)),
    }
