"""Modules import in one natural direction, which is read from their source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

import harvester

PACKAGE = Path(harvester.__file__).parent
FILES = {
    ".".join(("harvester", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): file
    for file in sorted(PACKAGE.rglob("*.py"))
}


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


@cache
def imports(name: str, *, types: bool = True) -> frozenset[str]:
    """Return all that a module imports, wherever in it, by full names; perhaps not for types."""
    return frozenset(_imports(name, [n for n in tree(name).body if types or not _is_for_types(n)]))


def _imports(name: str, body: list[ast.stmt]) -> Iterator[str]:
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by a relative name"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(prefix: str) -> list[str]:
    """Return the modules of a room, which is a module or a package."""
    found = [name for name in FILES if name == prefix or name.startswith(f"{prefix}.")]
    assert found, f"there is no {prefix} any more"
    return found


def needs(name: str, others: Collection[str]) -> list[str]:
    """Return what a module imports of these modules and packages and all that is in them."""
    return sorted(
        found
        for found in imports(name)
        if any(found == other or found.startswith(f"{other}.") for other in others)
    )


def reach(names: Collection[str], *, packages: bool = True) -> set[str]:
    """Return all modules that come along when these are imported, with the packages they are in."""
    left, found = list(names), set[str]()
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        left += [name.rpartition(".")[0]] if packages and "." in name else []
        left += imports(name, types=False) if name in FILES else []
    return found


def _is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def our(*rooms: str) -> list[str]:
    """Return our own rooms by their full names, and hold that they exist."""
    return [name for short in rooms for name in room(f"harvester.{short}")[:1]]


NEVER = {
    "platforms": ["store", "extract", "members", "settings", "run", "filing", "checks", "sandbox"],
    "portal": ["store", "extract", "members", "settings", "run", "filing", "checks", "platforms"],
    "labels": ["store", "extract", "members", "settings", "run", "filing", "platforms", "sandbox"],
    "outline": ["store", "extract", "members", "settings", "run", "filing", "platforms", "sandbox"],
    "fingerprint": ["store", "extract", "members", "settings", "run", "filing", "platforms"],
    "evidence": ["store", "extract", "members", "settings", "run", "filing", "platforms"],
    "drawing": ["store", "extract", "members", "settings", "run", "portal", "platforms", "wire"],
    "likeness": ["store", "members", "settings", "run", "filing", "portal", "platforms", "wire"],
    "repair": ["store", "members", "settings", "run", "filing", "portal", "platforms", "wire"],
    "lookback": ["extract", "members", "settings", "run", "filing", "portal", "platforms", "wire"],
    "documents": ["store", "extract", "members", "settings", "run", "filing", "platforms"],
    "extract": ["store", "members", "settings", "run", "filing", "portal", "platforms", "browser"],
    "checks": ["store", "extract", "members", "settings", "run", "filing", "portal", "platforms"],
    "tariff": ["run", "filing", "store", "extract", "checks", "portal", "platforms", "sandbox"],
    "greenbutton": [
        "run",
        "filing",
        "store",
        "extract",
        "members",
        "settings",
        "export",
        "profile",
    ],
    "store": ["extract", "members", "settings", "run", "filing", "portal", "platforms", "profile"],
    "accounts": ["run", "extract", "portal", "platforms", "browser", "wire", "members", "sandbox"],
    "hours": ["run", "extract", "portal", "platforms", "browser", "wire", "members", "sandbox"],
    "frames": ["run", "extract", "portal", "platforms", "browser", "wire", "members", "export"],
    "export": ["run", "extract", "portal", "platforms", "browser", "wire", "members", "sandbox"],
    "filing": ["run", "portal", "platforms", "browser", "wire", "members", "settings"],
    "custody": ["run", "filing", "extract", "checks", "portal", "platforms", "browser", "sandbox"],
    "forgetting": ["run", "portal", "platforms", "browser", "wire", "members", "settings"],
    "sandbox": ["run", "filing", "store", "extract", "portal", "platforms", "members", "browser"],
    "wire": ["run", "filing", "store", "extract", "portal", "platforms", "sandbox", "members"],
    "exchange": ["run", "filing", "store", "portal", "platforms", "sandbox", "wire", "tape"],
    "tape": ["run", "portal", "platforms", "browser", "sandbox", "members", "settings", "scrub"],
    "scrub": ["run", "filing", "store", "portal", "platforms", "browser", "sandbox", "members"],
    "browser": ["run", "filing", "store", "extract", "portal", "platforms", "sandbox", "members"],
    "members": ["run", "filing", "extract", "portal", "platforms", "browser", "sandbox"],
    "profile": ["run", "filing", "store", "extract", "portal", "platforms", "members", "settings"],
    "layout": ["run", "filing", "store", "extract", "portal", "platforms", "profile", "settings"],
    "graph": [
        "store",
        "extract",
        "members",
        "settings",
        "run",
        "filing",
        "checks",
        "platforms",
        "browser",
        "wire",
        "sandbox",
    ],
    "survey": ["run", "filing", "extract", "checks", "members", "settings", "custody", "sandbox"],
    "walk": ["run", "filing", "store", "extract", "portal", "platforms", "profile", "settings"],
    "writing": ["run", "filing", "store", "portal", "platforms", "profile", "settings", "survey"],
    "printed": ["run", "filing", "store", "extract", "portal", "platforms", "profile", "settings"],
    "run": ["sandbox", "tape", "scrub", "queue"],
    "queue": ["run", "filing", "store", "extract", "portal", "platforms", "members", "settings"],
    "notices": ["run", "night", "portal", "platforms", "browser", "sandbox", "wire", "extract"],
    "night": ["cli", "sandbox", "tape", "scrub", "portal", "platforms", "browser", "extract"],
}
"""Rooms, and those that they import nothing of."""


@pytest.mark.parametrize(("above", "below"), NEVER.items(), ids=list(NEVER))
def test_a_room_imports_nothing_that_lies_above_or_beside_it(above: str, below: list[str]) -> None:
    for name in room(f"harvester.{above}"):
        assert needs(name, our(*below)) == [], name


@pytest.mark.parametrize("lowest", ["errors", "model"])
def test_nouns_and_failures_stand_on_nothing_but_each_other(lowest: str) -> None:
    found = needs(f"harvester.{lowest}", ["harvester"])
    assert {name for name in found if not name.startswith("harvester.errors")} == set()


def test_the_profile_stands_on_failures_layouts_and_the_data_of_rates_only() -> None:
    found = needs("harvester.profile", ["harvester"]) + needs("harvester.layout", ["harvester"])
    allowed = tuple(
        f"harvester.{room}" for room in ("errors", "layout", "model", "tariff.data", "walk")
    )
    assert {name for name in found if not name.startswith(allowed)} == set()
    assert not needs("harvester.layout", our("profile"))


def test_rates_stand_on_the_nouns_only() -> None:
    for name in room("harvester.tariff"):
        allowed = ("harvester.model", "harvester.errors", "harvester.tariff")
        found = needs(name, ["harvester"])
        assert {other for other in found if not other.startswith(allowed)} == set(), name


def test_what_is_printed_stands_on_the_nouns_only() -> None:
    found = needs("harvester.printed", ["harvester"])
    allowed = ("harvester.model", "harvester.errors")
    assert {name for name in found if not name.startswith(allowed)} == set()


def test_permissions_stand_on_the_nouns_and_private_files_only() -> None:
    for name in our("custody.authorization", "custody.consent"):
        allowed = ("errors", "model", "custody.authorization", "custody.files", "store.home")
        found = needs(name, ["harvester"])
        known = tuple(f"harvester.{room}" for room in allowed)
        assert {other for other in found if not other.startswith(known)} == set(), name


def test_nothing_below_the_conductor_asks_for_permission() -> None:
    for below in ("platforms", "portal", "extract", "checks", "store", "filing", "sandbox", "wire"):
        for name in room(f"harvester.{below}"):
            assert needs(name, our("custody")) == [], name


def test_nothing_but_the_command_line_imports_the_command_line() -> None:
    below = set(FILES) - set(room("harvester.cli")) - {"harvester.__main__"}
    assert len(below) > 30
    assert [name for name in sorted(below) if needs(name, our("cli"))] == []


def test_only_the_command_line_and_the_schedule_import_the_conductor() -> None:
    above = {*room("harvester.cli"), *room("harvester.night"), "harvester.run"}
    assert [name for name in FILES if name not in above and needs(name, our("run"))] == []


def test_secrets_are_opened_by_what_signs_in_and_the_command_line_only() -> None:
    given = (*our("members", "task", "errand", "run", "forgetting"),)
    telling = {*room("harvester.notices"), *room("harvester.night")}
    above = {*room("harvester.custody"), *given, *room("harvester.cli"), *telling}
    opening = [name for name in FILES if needs(name, our("custody"))]
    assert [name for name in opening if name not in above] == []


@pytest.mark.parametrize(
    ("package", "only"),
    [("pyrage", "sealing"), ("keyring", "ring"), ("pyotp", "totp")],
)
def test_each_way_to_a_secret_has_one_room(package: str, only: str) -> None:
    others = room("harvester.sandbox")  # which asks for codes as the portals do
    using = [name for name in FILES if name not in others and needs(name, [package])]
    assert using == [f"harvester.custody.{only}"]


def test_only_the_command_line_imports_the_schedule() -> None:
    above = {*room("harvester.cli"), *room("harvester.night")}
    assert [name for name in FILES if name not in above and needs(name, our("night"))] == []


def test_the_plan_of_nights_and_the_news_are_pure() -> None:
    allowed = ("errors", "profile", "store.runs", "task", "night.plan")
    for name in our("night.plan", "notices.news"):
        known = tuple(f"harvester.{one}" for one in allowed)
        assert [n for n in needs(name, ["harvester"]) if not n.startswith(known)] == [], name


def test_only_the_command_line_imports_the_exports() -> None:
    above = {*room("harvester.cli"), *room("harvester.export")}
    assert [name for name in FILES if name not in above and needs(name, our("export"))] == []


def test_only_the_command_line_imports_the_survey() -> None:
    above = {*room("harvester.cli"), *room("harvester.survey")}
    assert [name for name in FILES if name not in above and needs(name, our("survey"))] == []


@pytest.mark.parametrize("package", ["procrastinate", "psycopg_pool"])
def test_only_the_queue_needs_what_workers_need(package: str) -> None:
    using = {name for name in FILES if needs(name, [package])}
    assert using
    assert using <= set(room("harvester.queue"))


def test_only_the_command_line_imports_the_queue() -> None:
    above = {*room("harvester.cli"), *room("harvester.queue")}
    assert [name for name in FILES if name not in above and needs(name, our("queue"))] == []


def test_there_is_one_place_where_retries_are_decided() -> None:
    assert [name for name in FILES if needs(name, ["tenacity"])] == ["harvester.retries"]
    trying = {name for name in FILES if needs(name, ["harvester.retries"])}
    assert trying == {"harvester.run", "harvester.errand"}


@pytest.mark.parametrize(
    "pure",
    [
        *("extract", "checks", "store", "tariff", "printed", "model", "profile", "drawing"),
        *("custody", "forgetting", "greenbutton", "export"),
    ],
)
def test_what_works_without_a_browser_imports_none(pure: str) -> None:
    for name in room(f"harvester.{pure}"):
        assert needs(name, ["playwright"]) == [], name


def test_archived_bytes_are_read_again_on_a_machine_without_a_browser() -> None:
    along = reach([*room("harvester.filing"), *room("harvester.extract"), *room("harvester.store")])
    assert "pypdfium2" in along
    assert "sqlite3" in along
    assert sorted(name for name in along if name.split(".")[0] == "playwright") == []


def test_only_the_browser_room_launches_a_browser() -> None:
    launching = {
        name
        for name in FILES
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Attribute)
        and node.attr in {"launch", "launch_persistent_context", "connect", "connect_over_cdp"}
        and "chromium" in ast.unparse(node.value)
    }
    assert launching == {"harvester.browser"}


def test_only_the_browser_room_starts_playwright() -> None:
    starting = {
        name
        for name in FILES
        if any(found.endswith((".async_playwright", ".sync_playwright")) for found in imports(name))
    }
    assert starting == {"harvester.browser"}


def test_each_database_has_one_room_and_a_server_is_loaded_by_name_only() -> None:
    assert [name for name in FILES if needs(name, ["sqlite3"])] == ["harvester.store.sqlite"]
    served = {*room("harvester.queue"), "harvester.store.postgres"}
    assert {name for name in FILES if needs(name, ["psycopg"])} <= served
    assert [name for name in FILES if needs(name, ["harvester.store.postgres"])] == []


def test_a_bucket_has_one_room_which_is_loaded_by_name_only() -> None:
    assert [name for name in FILES if needs(name, ["obstore"])] == ["harvester.store.objects"]
    assert [name for name in FILES if needs(name, ["harvester.store.objects"])] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    circles = {}
    for name in FILES:
        if name == "harvester" or name.startswith("harvester.cli"):
            continue  # a home and a command are loaded when they are asked for
        direct = {found for found in imports(name) if found in FILES} - {name}
        packages = {name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1)}
        back = {other for other in direct - packages if name in reach([other], packages=False)}
        if back:
            circles[name] = sorted(back)
    assert circles == {}


def test_what_only_shows_loads_nothing_that_fetches() -> None:
    shown = "import sys; import harvester.cli.lookup, harvester.cli.show; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True)
    assert not {b"playwright", b"pypdfium2", b"structlog"} & set(loaded.stdout.split())
