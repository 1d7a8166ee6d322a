"""What those who watch over a home count: runs, sign-ins, and how fresh and whole the hours are."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import NamedTuple

from harvester.errors import State
from harvester.model import Direction, Kind, Window
from harvester.store.database import Database, epoch, moment
from harvester.store.runs import Run


class Tally(NamedTuple):
    """All runs of a sign-in that ended in one state, or have no end (None)."""

    profile: str
    member: str
    state: State | None
    runs: int
    requests: int
    sign_ins: int


class Watch(Database):
    """The part of the catalog that schedules and metrics ask."""

    def runs_since(self, at: datetime) -> list[Run]:
        """Return every run that began then or later, oldest first."""
        rows = self._rows(
            "SELECT id, profile, member, kind, started_at, finished_at, state, facts FROM run"
            " WHERE started_at >= ? ORDER BY started_at, id",
            epoch(at),
        )
        return [
            Run(
                *(number, profile, member, kind, moment(began)),
                moment(ended) if ended else None,
                State(state) if state else None,
                json.loads(facts),
            )
            for number, profile, member, kind, began, ended, state, facts in rows
        ]

    def tallies(self) -> list[Tally]:
        """Count all runs, their requests and their sign-ins, by sign-in and state."""
        rows = self._rows(
            "SELECT profile, member, state, count(*),"
            " sum(coalesce(CAST(facts ->> 'requests' AS INTEGER), 0)),"
            " sum((SELECT count(*) FROM sign_in WHERE sign_in.run = run.id)) FROM run"
            " GROUP BY profile, member, state ORDER BY profile, member, state"
        )
        return [
            Tally(profile, member, State(state) if state else None, runs, requests, sign_ins)
            for profile, member, state, runs, requests, sign_ins in rows
        ]

    def good_until(self) -> dict[str, datetime]:
        """Return when each sign-in (`profile/member`) last had a run that ended well.

        Where none ever did, it is when the first one began.
        """
        rows = self._rows(
            "SELECT profile || '/' || member,"
            " coalesce(max(finished_at) FILTER (WHERE state IN (?, ?)), min(started_at))"
            " FROM run GROUP BY profile, member",
            State.OK,
            State.OK_PARTIAL,
        )
        return {whose: moment(at) for whose, at in rows}

    def newest_hour(self, account: int) -> datetime | None:
        """Return the end of the newest delivered interval that has a value; None without any."""
        rows = self._rows(
            "SELECT max(start + seconds) FROM reading"
            " WHERE account = ? AND direction = ? AND wh IS NOT NULL",
            account,
            Direction.DELIVERED,
        )
        return None if rows[0][0] is None else moment(rows[0][0])

    def unanswered(self, account: int, window: Window) -> list[date]:
        """Return the days of a window whose hours the portal was not heard of yet, newest first."""
        rows = self._rows(
            "SELECT day FROM coverage WHERE account = ? AND stream = ? AND day >= ? AND day < ?",
            account,
            Kind.INTERVAL,
            f"{window.start}",
            f"{window.end}",
        )
        answered = {day for (day,) in rows}
        return [day for day in reversed(list(window.days())) if f"{day}" not in answered]
