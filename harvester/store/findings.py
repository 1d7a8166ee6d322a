"""The outcome of every rule, and what the rules that compare rows need to know of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from harvester.model import DayOfHours, Direction, Finding, Window
from harvester.store.database import Database, instant, microseconds


class Found(NamedTuple):
    """A finding with the time at which what it speaks of came home."""

    finding: Finding
    since: datetime


class Wrong(NamedTuple):
    """What a rule has to say of an account: how often, and since when."""

    rule: str
    times: int
    since: datetime


class Findings(Database):
    """The part of the catalog that holds what is proven and what is wrong."""

    def replace_findings(
        self,
        account: int,
        origin: str,
        findings: Iterable[tuple[Finding, datetime]],
        subjects: Collection[str] | None = None,
        *,
        lasting: bool = False,
    ) -> None:
        """Take findings for all earlier ones of their origin about these subjects; None is all.

        A subject may go on after a comma: "2026-06-11, received" is about 2026-06-11.
        Where they are `lasting`, what is found again in the same words keeps its first time.
        """
        with self.transaction():
            old = {
                (rule, subject): tuple(told)
                for rule, subject, *told in self._old(account, origin, subjects)
                if subjects is None or subject.partition(", ")[0] in subjects
            }
            new = {}
            for f, at in findings:
                key = f.rule, f.subject
                told, since = (f.message, _text(f.residual), _text(f.tolerance)), microseconds(at)
                if lasting and key in old and old[key][0] == f.message:
                    since = old[key][-1]
                new[key] = (*told, since)
            self._write(
                "DELETE FROM finding WHERE (account, origin, rule, subject) = (?, ?, ?, ?)",
                [(account, origin, *key) for key in old if key not in new],
            )
            self._write(
                "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (account, origin, rule, subject) DO UPDATE"
                " SET message = excluded.message, residual = excluded.residual,"
                " tolerance = excluded.tolerance, since = excluded.since",
                [
                    (account, origin, *key, *told)
                    for key, told in new.items()
                    if old.get(key) != told
                ],
            )

    def _old(self, account: int, origin: str, subjects: Collection[str] | None) -> list[Any]:
        """Return what is kept of these subjects, perhaps with others that lie between them."""
        told = (
            "SELECT rule, subject, message, residual, tolerance, since FROM finding"
            " WHERE account = ? AND origin = ?"
        )
        if subjects is None:
            return self._rows(told, account, origin)
        first, last = min(subjects, default=""), max(subjects, default="")
        end = f"{last},!"  # after what may follow the last one, which is a comma and a space
        between = f"{told} AND subject >= ? AND subject < ?"
        return self._rows(between, account, origin, first, end)

    def findings(self, account: int) -> list[Finding]:
        """Return what is wrong or noteworthy, by rule and subject."""
        return [found.finding for found in self.wrong(account)]

    def wrong(self, account: int) -> list[Found]:
        """Return what is wrong or noteworthy, and since when, by rule and subject."""
        rows = self._rows(
            "SELECT number, rule, subject, message, residual, tolerance, since"
            " FROM finding INDEXED BY finding_wrong JOIN account ON account.id = account"
            " WHERE account = ? AND message <> '' ORDER BY rule, subject",
            account,
        )
        return list(map(_found, rows))

    def wrong_by_rule(self) -> dict[int, list[Wrong]]:
        """Return what is wrong or noteworthy of each account of which anything is, by rule."""
        told: dict[int, list[Wrong]] = {}
        for account, rule, times, since in self._rows(
            "SELECT account, rule, count(*), min(since) FROM finding INDEXED BY finding_wrong"
            " WHERE message <> '' GROUP BY account, rule ORDER BY account, rule"
        ):
            told.setdefault(account, []).append(Wrong(rule, times, instant(since)))
        return told

    def holding_to(self, origin: str, rule: str) -> set[int]:
        """Return the accounts of which a rule is proven to hold."""
        rows = self._rows(
            "SELECT id FROM account WHERE EXISTS (SELECT 1 FROM finding WHERE message = ''"
            " AND (account, origin, rule) = (account.id, ?, ?))",
            origin,
            rule,
        )
        return {account for (account,) in rows}

    def outcomes(self, account: int, subject: str = "") -> list[Found]:
        """Return the outcome of every rule, perhaps of one subject only, by rule and subject."""
        rows = self._rows(
            "SELECT number, rule, subject, message, residual, tolerance, since FROM finding"
            " JOIN account ON account.id = account WHERE account = ?1"
            " AND (?2 = '' OR subject = ?2 OR subject LIKE ?2 || ', %') ORDER BY rule, subject",
            account,
            subject,
        )
        return list(map(_found, rows))

    def days_of_hours(self, account: int, window: Window) -> list[DayOfHours]:
        """Return the hours of these days added up, by day, direction and meter."""
        rows = self._rows(
            "SELECT local_day, meter, direction, count(*), count(wh),"
            " coalesce(sum(seconds) FILTER (WHERE wh IS NOT NULL), 0),"
            " count(*) FILTER (WHERE quality = 8),"
            " coalesce(sum(wh), 0), coalesce(max(wh), 0),"
            " CASE WHEN max(abs(wh % 10)) > 0 THEN 3"
            " WHEN max(abs(wh % 100)) > 0 THEN 2 WHEN max(abs(wh % 1000)) > 0 THEN 1 ELSE 0 END,"
            " max(retrieved_at)"
            " FROM reading INDEXED BY reading_day JOIN artifact ON artifact.id = artifact"
            " WHERE reading.account = ? AND local_day >= ? AND local_day < ?"
            " GROUP BY local_day, direction, meter ORDER BY local_day, direction, meter",
            account,
            f"{window.start}",
            f"{window.end}",
        )
        return [
            DayOfHours(
                day=date.fromisoformat(day),
                meter=meter,
                direction=Direction(direction),
                count=count,
                known=known,
                seconds=seconds,
                estimated=estimated,
                wh=wh,
                peak=peak,
                places=places,
                since=instant(since),
            )
            for day, meter, direction, count, known, seconds, estimated, wh, *rest in rows
            for peak, places, since in [rest]
        ]


def _found(row: tuple[Any, ...]) -> Found:
    number, rule, about, message, residual, tolerance, since = row
    return Found(
        Finding(number, rule, about, message, _number(residual), _number(tolerance)),
        instant(since),
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
