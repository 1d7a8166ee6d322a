"""What Prometheus is told of a home, counted when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from harvester.filing import Store
from harvester.model import Window
from harvester.night.plan import DAY
from harvester.night.schedule import Plan
from harvester.notices import outbox
from harvester.store.audit import masked
from harvester.store.usage import WEEKLY_AGAIN

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(store: Store, plan: Plan, now: datetime) -> bytes:
    """Return all metrics of a home in Prometheus' text format; what is unknown is left out."""
    registry = CollectorRegistry()
    registry.register(_Home(store, plan, now))
    return generate_latest(registry)


class _Home:
    def __init__(self, store: Store, plan: Plan, now: datetime) -> None:
        self._store = store
        self._plan = plan
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Count everything; prometheus_client asks for it by this name."""
        yield from self._runs()
        yield from self._accounts()
        yield from self._coming()

    def _runs(self) -> Iterator[Metric]:
        runs = CounterMetricFamily(
            "harvester_runs", "Runs by state; UNFINISHED ones were killed or are under way.",
            labels=["profile", "member", "state"],
        )  # fmt: skip
        asked = CounterMetricFamily(
            "harvester_requests", "Requests to a portal.", labels=["profile"]
        )
        entered = CounterMetricFamily(
            "harvester_sign_ins", "Sign-ins that were sent.", labels=["profile", "member"]
        )
        requests: dict[str, int] = {}
        sign_ins: dict[tuple[str, str], int] = {}
        for one in self._store.catalog.tallies():
            state = one.state or "UNFINISHED"
            runs.add_metric([one.profile, one.member, state], one.runs)
            requests[one.profile] = requests.get(one.profile, 0) + one.requests
            whose = one.profile, one.member
            sign_ins[whose] = sign_ins.get(whose, 0) + one.sign_ins
        for profile, count in requests.items():
            asked.add_metric([profile], count)
        for labels, count in sign_ins.items():
            entered.add_metric(list(labels), count)
        yield from (runs, asked, entered)

    def _accounts(self) -> Iterator[Metric]:
        labels = ["profile", "member", "account", "id"]
        age = GaugeMetricFamily(
            "harvester_newest_hour_age_seconds",
            "Time since the end of an account's newest hour with a value.",
            labels=labels,
        )
        silent = GaugeMetricFamily(
            "harvester_gap_days",
            f"Days of the last {WEEKLY_AGAIN}, before yesterday, that the portal was not heard of.",
            labels=labels,
        )
        nulls = GaugeMetricFamily(
            "harvester_gap_hours", "Hours without a value, by reason.", labels=[*labels, "reason"]
        )
        catalog, today = self._store.catalog, self._now.date()
        window = Window(today - timedelta(days=WEEKLY_AGAIN), today - DAY)
        for one in catalog.holdings():
            whose = [one.profile, one.member, masked(one.account.number), f"{one.id}"]
            newest = catalog.newest_hour(one.id)
            if newest:
                age.add_metric(whose, (self._now - newest).total_seconds())
            silent.add_metric(whose, len(catalog.unanswered(one.id, window)))
            for reason, count in one.nulls.items():
                nulls.add_metric([*whose, reason], count)
        yield from (age, silent, nulls)

    def _coming(self) -> Iterator[Metric]:
        late = [one for one in self._plan.due if one.at <= self._now]
        yield GaugeMetricFamily(
            "harvester_due_members", "Sign-ins whose run is due and has not ended.", len(late)
        )
        used = GaugeMetricFamily(
            "harvester_sign_ins_last_day", "Sign-ins of the last 24 hours.",
            labels=["profile", "member"],
        )  # fmt: skip
        limit = GaugeMetricFamily(
            "harvester_sign_ins_limit", "Sign-ins that the profile allows a day.",
            labels=["profile", "member"],
        )  # fmt: skip
        for name, profile in self._plan.profiles.items():
            since = self._now - DAY
            sent = self._store.catalog.sign_ins_since(profile.id, name, since)
            used.add_metric([profile.id, name], len(sent))
            limit.add_metric([profile.id, name], profile.pace.sign_ins_a_day)
        yield from (used, limit)
        notices = GaugeMetricFamily("harvester_notices", "Messages by fate.", labels=["fate"])
        notices.add_metric(["waiting"], len(outbox.waiting(self._store.home)))
        notices.add_metric(["given_up"], len(outbox.given_up(self._store.home)))
        yield notices
        yield GaugeMetricFamily(
            "harvester_seen_timestamp_seconds", "When this was counted.", self._now.timestamp()
        )
