"""Commands about rates: schedules compared for an account, published prices beside billed ones."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from harvester import profile
from harvester.cli.common import account_of, settings_of, table, tell
from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.model import Component
from harvester.profile import Profile
from harvester.tariff import Learned, compare, learn
from harvester.tariff.comparison import Cost, Period
from harvester.tariff.data import Dated, Schedule, Tariff

_MAY = {True: "yes", False: "no", None: "?"}
_BEYOND = "more kWh or kW than its limits"


def compare_account(options: argparse.Namespace) -> int:
    """Tell what an account would have paid."""
    settings = settings_of(options)
    store = Store(settings.home)
    entry = account_of(store, options.account)
    utility = profile.load(entry.profile, settings.profile_folders)
    tariff = _tariff(utility)
    periods = compare(
        store.catalog.statements(entry.id),
        store.catalog.readings(entry.id),
        tariff,
        _learned(store, entry.profile),
        zone=utility.zone,
        kind=store.catalog.facts(entry.id).kind,
    )
    if options.json:
        document = comparison(entry.number, tariff, periods)
        print(json.dumps(document, default=str, indent=2))
    else:
        _print_comparison(entry.number, tariff, periods)
    return 0


def show(options: argparse.Namespace) -> int:
    """Show published prices beside those of the bills."""
    settings = settings_of(options)
    store = Store(settings.home)
    names = [options.profile] if options.profile else profile.names(settings.profile_folders)
    documents = []
    for name in names:
        utility = profile.load(name, settings.profile_folders)
        if utility.tariff is None and not options.profile:
            continue
        tariff = _tariff(utility)
        rows = list(price_rows(tariff, _learned(store, name)))
        documents.append({"profile": name, "prices": rows} | tariff.model_dump(mode="json"))
        if not options.json:
            _print_prices(utility, tariff, rows)
    if options.json:
        print(json.dumps(documents, default=str, indent=2))
    return 0


def _tariff(utility: Profile) -> Tariff:
    if utility.tariff is None:
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"Profile {utility.id} has no published rates; put them into a file tariffs/NAME.toml"
            ' beside it and name that with tariff = "NAME".',
        )
    return utility.tariff


def _learned(store: Store, utility: str) -> Learned:
    """Return what all bills of a utility show."""
    entries = (entry for entry in store.catalog.accounts() if entry.profile == utility)
    return learn(told for entry in entries for told in store.catalog.statements(entry.id))


def comparison(number: str, tariff: Tariff, periods: Sequence[Period]) -> dict[str, Any]:
    """Return a comparison as what JSON can hold: dollars and kWh are decimal strings."""
    return {
        "account": number,
        "unpublished": tariff.unpublished,
        "periods": [_row(period) for period in periods],
        "total": {
            "billed": _cost(_sum(period.billed for period in periods)),
            "options": {s.name: _cost(_total(s, periods)) for s in tariff.schedules},
        },
    }


def _row(period: Period) -> dict[str, Any]:
    use = period.use
    return {
        "from": f"{use.window.start}",
        "until": f"{use.window.end}",
        "days": use.days,
        "kwh": f"{use.kwh}",
        "based_on": "bill" if use.from_bill else "hours of complete days",
        "missing_hours": f"{use.missing_hours}",
        "estimated_hours": f"{use.estimated_hours}",
        "peak_kw": None if use.peak_kw is None else f"{use.peak_kw}",
        "pca": f"{period.pca}",
        "pca_from": period.pca_from,
        "other_charges": f"{period.other}",
        "rate": period.rate,
        "billed": _cost(period.billed),
        "options": [
            {
                "schedule": option.schedule,
                "cost": _cost(option.cost),
                "eligible": option.eligible,
                "why": option.why,
                "prices": option.prices,
            }
            for option in period.options
        ],
    }


def _cost(cost: Cost | None) -> dict[str, str] | None:
    if cost is None:
        return None
    told = {"before_tax": cost.before_tax, "tax": cost.tax, "after_tax": cost.after_tax}
    return {name: f"{amount}" for name, amount in told.items()}


def _total(schedule: Schedule, periods: Sequence[Period]) -> Cost:
    """Sum a schedule over the periods that were billed, as the billed total does."""
    return _sum(
        option.cost
        for period in periods
        for option in period.options
        if option.schedule == schedule.name and period.billed
    )


def _sum(costs: Iterator[Cost | None]) -> Cost:
    known = [cost for cost in costs if cost]
    return Cost(
        sum((cost.before_tax for cost in known), Decimal(0)),
        sum((cost.tax for cost in known), Decimal(0)),
    )


def _print_comparison(number: str, tariff: Tariff, periods: Sequence[Period]) -> None:
    heads = ["Until", "Days", "kWh", "Billed", "with tax"]
    for schedule in tariff.schedules:
        heads += [schedule.name, "with tax", "may"]
    shown = table(*heads, right=set(heads[1:]))
    for period in periods:
        cells = [f"{period.use.window.end}", f"{period.use.days}", f"{period.use.kwh:,}"]
        cells += _two(period.billed)
        for option in period.options:
            cells += [*_two(option.cost), _MAY[option.eligible]]
        shown.add_row(*cells)
    totals = [cell for s in tariff.schedules for cell in (*_two(_total(s, periods)), "")]
    billed = _two(_sum(period.billed for period in periods))
    shown.add_row("All billed", "", "", *billed, *totals, style="bold")
    print(f"Account {number}, in dollars before and with tax:")
    tell(shown if periods else "No bill was read and no complete day came home yet.")
    for sentence in notes(tariff, periods):
        print(sentence)


def _two(cost: Cost | None) -> list[str]:
    return [f"{cost.before_tax:,.2f}", f"{cost.after_tax:,.2f}"] if cost else ["-", "-"]


def notes(tariff: Tariff, periods: Sequence[Period]) -> Iterator[str]:
    """Yield what the figures are based on, in sentences."""
    for use in (period.use for period in periods if not period.use.from_bill):
        yield (
            f"Until {use.window.end} there is no bill: {use.days} complete days of"
            f" {len(use.window)}; hours missing: {use.missing_hours.normalize():f}."
        )
    options = [option for period in periods for option in period.options]
    for schedule in tariff.schedules:
        mine = [option for option in options if option.schedule == schedule.name]
        for may, word in _MAY.items():
            told = Counter(
                _BEYOND if may is False and "must be" in option.why else option.why
                for option in mine
                if option.eligible is may
            )
            for why, count in told.items():
                yield f"{schedule.name}: {word} for {_periods(count)}: {why}."
        for source, count in Counter(option.prices for option in mine).items():
            yield f"{schedule.name}: prices of {_periods(count)}: {source}."
    for source, count in Counter(period.pca_from for period in periods).items():
        yield f"Power cost adjustment of {_periods(count)}: {source}."
    if tariff.unpublished:
        yield f"Not public, so not compared: {', '.join(tariff.unpublished)}."


def _periods(count: int) -> str:
    return f"{count} periods" if count > 1 else "1 period"


def price_rows(tariff: Tariff, learned: Learned) -> Iterator[dict[str, Any]]:
    """Yield, by rate and component, its published prices and those that bills show."""
    published: dict[tuple[str, Component], Sequence[Dated]] = {
        (schedule.name, component): schedule.of(component) or tariff.adjustments
        for schedule in tariff.schedules
        for component in (*schedule.components, Component.PCA)
    }
    billed = defaultdict[tuple[str, Component], list[dict[str, Any]]](list)
    for run in learned.runs():
        schedule = tariff.schedule(run.rate)
        told = {name: f"{getattr(run, name)}" for name in ("price", "first", "last")}
        counts = {"bills": run.bills, "accounts": run.accounts, "contradicted": run.contradicted}
        billed[schedule.name if schedule else run.rate, run.component].append(told | counts)
    for rate, component in dict.fromkeys((*published, *billed)):
        dated = published.get((rate, component), ())
        yield {
            "rate": rate,
            "component": f"{component}",
            "published": [price.model_dump(mode="json", exclude_none=True) for price in dated],
            "bills": billed[rate, component],
        }


def _print_prices(utility: Profile, tariff: Tariff, rows: Sequence[dict[str, Any]]) -> None:
    shown = table(
        *("Rate", "Component", "Published", "From", "On bills", "First", "Last", "Bills"),
        right={"Published", "On bills", "Bills"},
    )
    for row in rows:
        depth = max(len(row["published"]), len(row["bills"]))
        for place in range(depth):
            dated = dict(enumerate(row["published"])).get(place, {})
            run = dict(enumerate(row["bills"])).get(place, {})
            shown.add_row(
                *((row["rate"], row["component"]) if place == 0 else ("", "")),
                dated.get("price", "-"),
                dated.get("valid_from", "-"),
                f"{run.get('price', '-')}{' (contradicted)' if run.get('contradicted') else ''}",
                *(f"{run.get(name, '-')}" for name in ("first", "last", "bills")),
            )
    print(f"{utility.name}, in dollars a day or a kWh:")
    tell(shown)
    for schedule in tariff.schedules:
        print(f"{schedule.name}: {', '.join(_limits(schedule)) or 'no limits known'}")
    for tax in tariff.taxes:
        steps = (f"{b.rate:.0%} above ${b.above:,}" for b in tax.brackets)
        print(f"{tax.name}: {', '.join(steps)} a month")
    if tariff.unpublished:
        print(f"Not public: {', '.join(tariff.unpublished)}")
    for name, source in tariff.sources.items():
        print(f"Source ({name}): {source}")


def _limits(schedule: Schedule) -> Iterator[str]:
    if schedule.members:
        yield f"{schedule.members} accounts"
    if schedule.below_kw is not None:
        yield f"below {schedule.below_kw} kW"
    if schedule.below_kwh is not None:
        yield f"below {schedule.below_kwh:,} kWh a month"
    if schedule.service:
        yield schedule.service
