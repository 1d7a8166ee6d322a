"""What another utility's file says comes into the catalog, and our own comes back as it went."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exported import ATOM, ESPI, HOUSE, NEW, SOLAR, home, usage

from harvester import cli, members
from harvester.filing import Filing, Store
from harvester.members import Member
from harvester.model import Direction, Quality, Reading
from harvester.profile import load
from harvester.settings import Settings

START = 1_781_154_000
"""2026-06-11 05:00 UTC: midnight in Central Alabama."""


@pytest.fixture
def bring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict]]:
    """Import files into a home of one member; return the exit code and the answer."""
    place = tmp_path / "home"
    members.add(Settings(home=place), Member(name="mover", profile="caec", user="mover"))

    def call(*files: Path) -> tuple[int, dict]:
        options = ["--member", "mover", "--json", "--home", str(place)]
        code = cli.main(["import", "greenbutton", *map(str, files), *options])
        return code, json.loads(capsys.readouterr().out)

    return call


def readings(place: Path) -> list[Reading]:
    catalog = Store(place).catalog
    return [r for entry in catalog.accounts() for r in catalog.readings(entry.id)]


def interval(start: int, value: int, seconds: int = 3600, quality: str = "") -> str:
    told = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality else ""
    return (
        f"<IntervalReading>{told}<timePeriod><duration>{seconds}</duration><start>{start}</start>"
        f"</timePeriod><value>{value}</value></IntervalReading>"
    )


def entry(content: str, links: str = "", prefix: str = "") -> str:
    return f"<{prefix}entry>{links}<{prefix}content>{content}</{prefix}content></{prefix}entry>"


def feed(*entries: str) -> str:
    return f'<feed xmlns="{ATOM}">{"".join(entries)}</feed>'


def resource(kind: str, fields: str) -> str:
    return f'<{kind} xmlns="{ESPI}">{fields}</{kind}>'


TYPE = resource("ReadingType", "<flowDirection>1</flowDirection><uom>72</uom>")


@pytest.mark.parametrize("number", [HOUSE, SOLAR, NEW])
def test_what_was_exported_comes_back_equal(
    number: str, bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    code, told = bring(usage(number))
    assert (code, len(told["accounts"])) == (0, 1)
    store = home()
    (account,) = (e.id for e in store.catalog.accounts() if e.number == number)

    def plain(given: list[Reading]) -> list[tuple[object, ...]]:
        return [
            (r.direction, r.start, r.seconds, r.wh, r.quality, r.local_day, r.utc_offset)
            for r in given
        ]

    went = list(store.catalog.readings(account))
    assert len(went) > 2000
    assert plain(readings(tmp_path / "home")) == plain(went)


def test_it_is_read_again_from_the_archive(
    bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    bring(usage(NEW))
    before = readings(tmp_path / "home")
    store = Store(tmp_path / "home")
    (account,) = store.catalog.accounts()
    assert Filing(store, load("caec")).again(account.id) == 1
    assert readings(tmp_path / "home") == before
    assert before


def test_the_same_file_again_changes_nothing(bring: Callable[..., tuple[int, dict]]) -> None:
    bring(usage(NEW))
    _, told = bring(usage(NEW))
    assert [(one["added"], one["revised"]) for one in told["accounts"]] == [(0, 0)]


def test_prefixes_kilowatt_hours_and_quarters_of_an_hour_are_read(
    bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    values = "".join(
        f"<g:IntervalReading><g:timePeriod><g:duration>900</g:duration><g:start>{START + 900 * n}"
        f"</g:start></g:timePeriod><g:value>{n}</g:value></g:IntervalReading>" for n in range(4)
    )  # fmt: skip
    kind = (
        "<g:ReadingType><g:flowDirection>19</g:flowDirection><g:powerOfTenMultiplier>3"
        "</g:powerOfTenMultiplier><g:uom>72</g:uom></g:ReadingType>"
    )
    file = tmp_path / "other.xml"
    parts = entry(kind, prefix="x:") + entry(
        f"<g:IntervalBlock>{values}</g:IntervalBlock>", prefix="x:"
    )
    file.write_text(f'<x:feed xmlns:x="{ATOM}" xmlns:g="{ESPI}">{parts}</x:feed>')
    assert bring(file)[0] == 0
    told = [(r.direction, r.start, r.seconds, r.wh) for r in readings(tmp_path / "home")]
    assert told == [
        (Direction.RECEIVED, datetime(2026, 6, 11, 5, 15 * n, tzinfo=UTC), 900, 1000 * n)
        for n in range(4)
    ]


@pytest.mark.parametrize("way", ["files", "a ZIP file"])
def test_a_history_over_several_files_is_one(
    way: str,
    bring: Callable[..., tuple[int, dict]],
    tmp_path: Path,
) -> None:
    texts = {
        "b.xml": feed(entry(TYPE)),
        "a.xml": feed(entry(resource("IntervalBlock", interval(START, 500, 1800)))),
        "c.xml": feed(entry(resource("IntervalBlock", interval(START + 1800, 700, 1800)))),
    }
    files = [tmp_path / name for name in texts]
    for file in files:
        file.write_text(texts[file.name])
    if way == "a ZIP file":
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as pack:
            for file in files:
                pack.write(file, file.name)
        files = [tmp_path / "all.zip"]
    assert bring(*files)[0] == 0
    assert [(r.seconds, r.wh) for r in readings(tmp_path / "home")] == [(1800, 500), (1800, 700)]


def test_local_days_are_those_of_the_files_own_clock(
    bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    clock = resource(
        "LocalTimeParameters",
        "<dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset>"
        "<dstStartRule>360E2000</dstStartRule><tzOffset>-28800</tzOffset>",
    )
    file = tmp_path / "pacific.xml"
    block = resource("IntervalBlock", interval(START, 500) + interval(START + 2 * 3600, 700))
    file.write_text(feed(entry(clock), entry(TYPE), entry(block)))
    bring(file)
    told = [(f"{r.local_day}", r.utc_offset, r.wh) for r in readings(tmp_path / "home")]
    assert told == [
        ("2026-06-10", -25_200, 500), ("2026-06-10", -25_200, None), ("2026-06-11", -25_200, 700),
    ]  # fmt: skip


def test_what_a_day_leaves_out_is_missing_and_what_it_says_twice_has_no_value(
    bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    span = f"<interval><duration>14400</duration><start>{START}</start></interval>"
    told = interval(START + 3600, 500, quality="9") + interval(START + 7200, 600)
    block = resource("IntervalBlock", span + told + interval(START + 7200, 601))
    file = tmp_path / "odd.xml"
    file.write_text(feed(entry(TYPE), entry(block)))
    _, answer = bring(file)
    assert [(r.wh, r.reason) for r in readings(tmp_path / "home")] == [
        (None, "NO_DATA"), (500, None), (None, "PARTIAL_DAY"), (None, "NO_DATA"),
    ]  # fmt: skip
    assert readings(tmp_path / "home")[1].quality is Quality.INTERPOLATED
    assert "told twice" in answer["accounts"][0]["findings"][0]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("<uom>169</uom>", "its unit is not that of electric energy"),
        ("<accumulationBehaviour>3</accumulationBehaviour><uom>72</uom>", "it counts on"),
        ("<flowDirection>2</flowDirection><uom>72</uom>", "neither delivered nor received"),
    ],
)
def test_what_is_no_energy_of_intervals_is_refused_and_said(
    kind: str, why: str, bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    file = tmp_path / "gas.xml"
    block = resource("IntervalBlock", interval(START, 500))
    file.write_text(feed(entry(resource("ReadingType", kind)), entry(block)))
    code, answer = bring(file)
    assert code == 52
    assert answer["state"] == "INVALID_FILE"
    assert why in answer["message"]


def test_readings_of_a_day_are_left_and_said(
    bring: Callable[..., tuple[int, dict]], tmp_path: Path
) -> None:
    file = tmp_path / "daily.xml"
    told = interval(START, 500) + interval(START, 20_000, 86_400)
    file.write_text(feed(entry(TYPE), entry(resource("IntervalBlock", told))))
    _, answer = bring(file)
    assert answer["accounts"][0]["findings"] == ["1 readings are longer than an hour."]
    assert [r.wh for r in readings(tmp_path / "home")] == [500]


def test_a_member_who_is_unknown_gets_nothing(tmp_path: Path) -> None:
    options = ["--member", "nobody", "--home", str(tmp_path)]
    assert cli.main(["import", "greenbutton", str(usage(NEW)), *options]) == 14
