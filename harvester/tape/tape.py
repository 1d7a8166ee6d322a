"""What a recording is: sessions of exchanges, taken down at the wire and answered in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from harvester.exchange import Answer, Fetch, Reply, Request
from harvester.tape.matching import VOLATILE, Key, key

VERSION = 1
"""Of the format; one that is not known is refused."""

_SAFE = {"GET", "HEAD"}


class About(BaseModel):
    """What tape.toml says: where, when and with what it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = VERSION
    profile: str
    made_from: Literal["portal", "sandbox"]
    recorded_at: datetime
    """At which the browser's clock stands when it is replayed."""
    today: date
    """The portal's local day."""
    start: date
    """The first day that was asked for; the last one is the day before `today`."""
    user: str
    """The placeholder of the user ID, which a replay signs in with."""
    origins: tuple[str, ...]
    harvester: str
    """The version that recorded it."""
    browser: str
    volatile: tuple[str, ...] = VOLATILE
    """Names of fields that do not tell one request from another, as patterns."""
    faults: tuple[str, ...] = ()
    """What was switched on in the embedded portal."""


@dataclass(frozen=True)
class Exchange:
    """One request, as it is matched, and its reply; sessions count from 1."""

    session: int
    key: Key
    reply: Reply


@dataclass(frozen=True)
class Tape:
    """A recording; `expected` is what it brings home, as `expected.document` tells it."""

    about: About
    exchanges: tuple[Exchange, ...] = field(repr=False)
    expected: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Heard(NamedTuple):
    """One request and its reply as they were, with all that they hold."""

    session: int
    request: Request
    reply: Reply


class Recorder:
    """Takes down, in memory alone, what passes the wires of one run."""

    def __init__(self) -> None:
        self._places: list[Heard | None] = []
        self.sockets: Counter[str] = Counter()
        """URLs of WebSockets, which no tape holds: they were refused."""
        self._sessions = 0

    def session(self) -> Answer:
        """Return what answers the next session from the world, and listens."""
        self._sessions += 1
        number = self._sessions

        async def answer(request: Request, fetch: Fetch) -> Reply:
            place = len(self._places)
            self._places.append(None)
            if request.upgrades:
                self.sockets[request.url.partition("?")[0]] += 1
                reply = Reply(HTTPStatus.NOT_IMPLEMENTED)
            else:
                reply = await fetch(request)
            self._places[place] = Heard(number, request, reply)
            return reply

        return answer

    @property
    def heard(self) -> list[Heard]:
        """What was heard, in the order of the requests; one that got no reply is left out."""
        return [heard for heard in self._places if heard]


def unscrubbed(about: About, heard: Sequence[Heard]) -> Tape:
    """Return a tape of what was heard, as it was: nothing to be kept or shown."""
    asked = (Exchange(h.session, key(h.request, about.volatile), h.reply) for h in heard)
    return Tape(about, tuple(asked))


class Player:
    """Answers a run from a tape, each session from its own part of it.

    Equal requests are answered in the order of the tape. Where all of their replies were given, a
    GET is answered with the last one again, as a page that has come to rest; anything else is a
    miss, as is what the tape does not have at all.
    """

    def __init__(self, tape: Tape) -> None:
        self.misses: list[str] = []
        """Requests that the tape has no reply to, by name."""
        self.answered = 0
        self._volatile = tape.about.volatile
        self._replies: dict[int, dict[Key, list[Reply]]] = defaultdict(lambda: defaultdict(list))
        for exchange in tape.exchanges:
            self._replies[exchange.session][exchange.key].append(exchange.reply)
        self._sessions = 0

    def session(self) -> Answer:
        """Return what answers the next session; nothing is asked of the world."""
        self._sessions += 1
        number = self._sessions
        replies, given = self._replies[number], Counter[Key]()

        async def answer(request: Request, _: Fetch) -> Reply:
            asked = key(request, self._volatile)
            known, turn = replies.get(asked, []), given[asked]
            given[asked] += 1
            if turn >= len(known) and known and request.method in _SAFE:
                turn = -1
            if turn >= len(known):
                self.misses.append(f"session {number} asks {asked}")
                return Reply(HTTPStatus.BAD_GATEWAY)
            self.answered += 1
            return known[turn]

        return answer


def utc(moment: datetime) -> datetime:
    """Return a moment in whole UTC seconds, as a tape keeps it."""
    return moment.astimezone(UTC).replace(microsecond=0)
