"""Loads profiles/*.toml over their platform's data, with layouts, and refuses what does not fit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from harvester.errors import Misconfigured, State
from harvester.layout import Layout
from harvester.tariff.data import Tariff
from harvester.walk import Walk

_HERE = Path(__file__).parent
GENERIC = "generic"
"""The layout of bills whose layout nobody has described."""
OUTCOMES = {
    State.OK, State.BAD_CREDENTIALS, State.ACCOUNT_LOCKED, State.PASSWORD_CHANGE_REQUIRED,
    State.MFA_REQUIRED, State.CAPTCHA_REQUIRED, State.NOTICE_PENDING, State.MAINTENANCE,
    State.PORTAL_DOWN, State.NO_ACCOUNTS_FOUND,
}  # fmt: skip
"""What a page can show that decides what is done next."""
M = TypeVar("M", bound=BaseModel)


def shipped() -> Path:
    """Return the folder of profiles that comes with the program, installed or in a checkout."""
    packaged = _HERE / "profiles"
    return packaged if packaged.is_dir() else _HERE.parent / "profiles"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Candidate(_Strict):
    """One way to find a control: exactly one of role (with name), label, text or css."""

    role: str | None = None
    name: str | None = None
    label: str | None = None
    text: str | None = None
    css: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Candidate:
        ways = [w for w in (self.role, self.label, self.text, self.css) if w is not None]
        if len(ways) != 1 or (self.name is not None and self.role is None):
            message = "a locator candidate has exactly one of role (with name), label, text, css"
            raise ValueError(message)
        if self.text is not None:
            _pattern(self.text)
        return self


def _pattern(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        message = f"{text!r} is no regular expression: {error}"
        raise ValueError(message) from None


def _origin(value: str) -> str:
    message = f"{value!r} is not an origin such as https://portal.example"
    try:
        parts = urlsplit(value)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        raise ValueError(message) from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    if not host or value.lower() not in {f"http://{host}{port}", f"https://{host}{port}"}:
        raise ValueError(message)
    return value


def _hours(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
        message = f"{value!r} is no span of hours such as 22:30-05:00"
        raise ValueError(message)
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{value!r} is not an IANA time zone such as America/Chicago"
        raise ValueError(message) from error
    return value


def _outcomes(told: Mapping[str, object]) -> Mapping[str, object]:
    unknown = sorted(told.keys() - OUTCOMES)
    if unknown or State.OK not in told:
        message = f"{unknown[0]} is none" if unknown else "OK is not among them"
        raise ValueError(f"{message}; outcomes are {', '.join(sorted(OUTCOMES))}")
    return told


Candidates = Annotated[tuple[Candidate, ...], Field(min_length=1)]
"""Ranked: the first that is found wins."""


class Pace(_Strict):
    """Limits that the utility's portal sets or that we keep out of courtesy."""

    sign_ins_a_day: Annotated[int, Field(gt=0)] = 3
    runs_a_day: Annotated[int, Field(gt=0)] = 12
    session_minutes: float = 5
    """How long after its last use a session is worth trying again; 0 keeps none."""
    run_window: Annotated[str, AfterValidator(_hours)] | None = None
    """When runs may begin, in the portal's local time: "22:30-05:00" passes over midnight."""
    requests_in_10_seconds: Annotated[int, Field(gt=0)] = 100
    """How many all workers together may make in any ten seconds; one program alone has its pauses.
    """
    pause_ms: int = 300
    """Middle of the pauses between requests, which last from half to one and a half of it."""
    code_seconds: float = 600
    """How long a run waits for a code that the portal sent to its member."""
    reply_seconds: float = 30
    """How long a page or a feed may take before the portal counts as down."""
    click_ms: int = 130
    """Pause between download clicks: Chromium silently drops the 11th within a second."""


class Night(_Strict):
    """When a schedule harvests, and how much of what is older it brings home at a time."""

    window: Annotated[str, AfterValidator(_hours)] = "01:00-05:30"
    """When scheduled runs begin, in the portal's local time, once the day before is published."""
    spread_minutes: Annotated[int, Field(ge=0)] = 90
    """Over how much of the window's beginning the runs of several sign-ins are spread."""
    older_days: Annotated[int, Field(ge=0)] = 92
    """How many older days that are not at home yet a night's run brings home as well."""


class Feed(_Strict):
    """The options in which co-ops on one product differ at the usage feeds."""

    member_digits: int = 8
    """Width that the member number is zero-padded to; 0 sends it as it is."""
    interval_end: Literal["next_day", "same_day"] = "next_day"
    """Whether EndDate of an interval request is the day after the last one or the last one."""
    interval_minutes: Literal["15", "30", "60"] = "60"
    hour_label: Literal["beginning", "ending"] = "beginning"
    ranges: tuple[Annotated[int, Field(gt=0)], ...] = Field(default=(366, 31, 7, 1), min_length=1)
    """Days asked for at once, widest first; the next is tried where one is not answered in full."""


class Profile(_Strict):
    """One utility's portal: names, places, labels and limits, never an `if`."""

    id: str
    platform: str
    name: str
    time_zone: Annotated[str, AfterValidator(_zone)]
    phone: str | None = None
    bases: tuple[str, ...] = ()
    """Where the platform is known to be at other utilities."""
    marks: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = {}
    """What a sign-in page shows of its product: each mark by any one of its CSS selectors."""
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(min_length=1)
    """The first is the portal; the browser may reach these and no others."""
    base: str
    bills_listed: int = 24
    """How many bills the portal shows at most."""
    routes: Mapping[str, str]
    """Paths at the portal, or whole addresses at another of the origins."""
    locators: Mapping[str, Candidates]
    outcomes: Annotated[Mapping[str, Candidates], AfterValidator(_outcomes)]
    """What a page after the sign-in can be, by state name; exactly one must appear."""
    labels: Mapping[str, tuple[str, ...]]
    """Printed labels of account facts and settings on the account pages."""
    columns: Mapping[str, tuple[str, ...]]
    """Headers of the billing history."""
    clicks: tuple[str, ...]
    """Names of controls that may be clicked, `*` standing for anything; all others never are."""
    functions: Mapping[str, str]
    """Names of the page's own script functions that a flow calls."""
    pace: Pace = Pace()
    night: Night = Night()
    feed: Feed = Feed()
    walk: Walk = Walk()
    """How the portal is walked, where its platform leaves that to the profile."""
    tariff: Tariff | None = None
    """What is published of its rates: in a file, the name of one in the folder `tariffs`."""
    bills: tuple[Layout, ...] = Field(min_length=1)
    """Layouts of bills in the order they are tried; the last one is for bills of any layout."""

    @model_validator(mode="after")
    def _at_home(self) -> Profile:
        known = {origin.lower() for origin in self.origins}
        for name, told in self.routes.items():
            parts = urlsplit(told)
            if "://" in told and f"{parts.scheme}://{parts.netloc}".lower() not in known:
                message = f"the route {name} is at {parts.netloc}, which is none of the origins"
                raise ValueError(message)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The portal's time zone."""
        return ZoneInfo(self.time_zone)

    def url(self, route: str) -> str:
        """Return the absolute URL of a named route."""
        told = self.routes[route].replace("{base}", self.base)
        return told if "://" in told else self.origins[0] + told

    def may_click(self, name: str) -> bool:
        """Tell whether a control of this name is on the list of clicks."""
        plain = " ".join(name.split())
        patterns = (re.escape(c).replace(r"\*", ".*").replace(r"\#", r"\d") for c in self.clicks)
        return any(re.fullmatch(pattern, plain, re.IGNORECASE) for pattern in patterns)


def load(
    name: str, folders: tuple[Path, ...] = (), mended: Mapping[str, Any] | None = None
) -> Profile:
    """Return a profile by name; a user's own folders come before the shipped one.

    What was mended in the field lies over it: `mended`, or else `repairs/NAME.toml` of a folder.
    Raises Misconfigured with one sentence where it is unknown, unreadable or does not fit.
    """
    places = (*folders, shipped(), shipped() / "examples")
    told = _read(name, places, State.UNKNOWN_PROFILE)
    mended = repairs(name, folders) if mended is None else mended
    return complete(name, overlay(told, mended), places)


def complete(name: str, data: Mapping[str, Any], places: tuple[Path, ...]) -> Profile:
    """Return the profile that this data makes over its platform's, with layouts and rates.

    Raises Misconfigured with one sentence where it does not fit.
    """
    platform = data.get("platform")
    if not isinstance(platform, str):
        raise Misconfigured(
            State.INVALID_PROFILE,
            f'Profile {name}: it names no platform; add a line such as platform = "oscp".',
        )
    base = _read(f"platforms/{platform}", places, State.INVALID_PROFILE)
    merged = overlay(base, data) | {"id": name}
    if isinstance(bases := merged.get("bases"), Mapping):
        merged = overlay({"routes": bases.get(str(merged.get("base")), {})}, merged)
        merged["bases"] = list(bases)
    rates = merged.get("tariff")
    if isinstance(rates, str):
        told = _read(f"tariffs/{rates}", places, State.INVALID_PROFILE)
        merged["tariff"] = _valid(Tariff, told, f"Tariff {rates}")
    merged["bills"] = _layouts(name, merged.get("bills", []), places)
    return _valid(Profile, merged, f"Profile {name}")


def repairs(name: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    """Return what was mended of a profile in the field, as its file has it; nothing where none."""
    if not any((folder / "repairs" / f"{name}.toml").is_file() for folder in folders):
        return {}
    return _read(f"repairs/{name}", folders, State.INVALID_PROFILE)


def _layouts(profile: str, named: object, places: tuple[Path, ...]) -> tuple[Layout, ...]:
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise Misconfigured(
            State.INVALID_PROFILE,
            f"Profile {profile}: bills: is no list of names of layouts; correct the file.",
        )
    return tuple(
        _valid(Layout, _read(f"bills/{name}", places, State.INVALID_PROFILE) | {"id": name},
               f"Layout {name}")
        for name in (*named, GENERIC)
    )  # fmt: skip


def _valid(kind: type[M], data: Mapping[str, Any], what: str) -> M:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = "is not a known key" if first["type"] == "extra_forbidden" else first["msg"]
        raise Misconfigured(
            State.INVALID_PROFILE, f"{what}: {where or 'it'}: {said}; correct the file."
        ) from None


def names(folders: tuple[Path, ...] = ()) -> list[str]:
    """Every profile that can be loaded by name."""
    return sorted({file.stem for folder in (*folders, shipped()) for file in folder.glob("*.toml")})


def _read(name: str, places: tuple[Path, ...], state: State) -> dict[str, Any]:
    known = re.fullmatch(r"[a-z0-9][a-z0-9/_-]*", name) is not None
    file = next((p for f in places if known and (p := f / f"{name}.toml").is_file()), None)
    if file is None:
        raise Misconfigured(
            state,
            f"No profile {name!r}; known are {', '.join(names(places[:-1]))}."
            f" Put {name}.toml into {places[0]} to add one.",
        )
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise Misconfigured(
            State.INVALID_PROFILE, f"Profile {name}: {file.name} cannot be read: {error}."
        ) from None


def overlay(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay data over other data: tables key by key, all else as a whole."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(below, value) if both else value  # type: ignore[arg-type]
    return merged
