"""The commands as a person types them, in processes of their own, and what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harvester.errors import MEANINGS, State

HARVESTER = Path(sys.executable).with_name("harvester")
PROFILE = """platform = "oscp"
name = "Sandbox Electric"
time_zone = "America/Chicago"
base = "/onlineportal"
origins = ["{origin}"]
"""


def harvester(
    *arguments: object, home: Path, said: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HARVESTER, *map(str, arguments)],
        input=said, capture_output=True, text=True, check=False,
        env={**os.environ, "HARVESTER_HOME": str(home), **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    today = datetime.now(UTC).date()
    process = subprocess.Popen(
        [HARVESTER, "sandbox", "serve", "--port", "0", "--today", f"{today}"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
    assert found
    yield found[0]
    process.terminate()
    process.wait()


@pytest.fixture
def home(tmp_path: Path, origin: str) -> Path:
    """Return a home with a profile for the served sandbox and one member."""
    folder = tmp_path / "home"
    (folder / "profiles").mkdir(parents=True, mode=0o700)
    (folder / "profiles" / "local.toml").write_text(PROFILE.format(origin=origin))
    added = harvester(
        "member", "add", "house", "--profile", "local", "--user", "sandbox-new",
        home=folder, said="sandbox-new-Pa55\n",
    )  # fmt: skip
    assert (added.returncode, added.stdout) == (0, "Added house.\n")
    assert harvester("authorize", "add", "house", "--own", home=folder).returncode == 0
    return folder


def fails(told: subprocess.CompletedProcess[str], state: State, *words: str) -> None:
    """Hold one clear sentence and the state's own exit code."""
    assert told.returncode == MEANINGS[state].exit_code
    assert "Traceback" not in told.stderr + told.stdout
    sentence = (told.stderr or told.stdout.splitlines()[0]).strip()
    assert "\n" not in sentence
    for word in words:
        assert word in sentence


def test_a_member_is_harvested_over_a_portal_on_the_network(home: Path) -> None:
    told = harvester("backfill", "--months", "2", "--json", home=home)
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert [(o["member"], o["state"], o["sign_ins"]) for o in answer["outcomes"]] == [
        ("house", "OK", 1)
    ]
    assert [(a["account"], a["pdfs"], a["bills"]) for a in answer["accounts"]] == [
        ("1000505001", answer["accounts"][0]["bills"], answer["accounts"][0]["bills"])
    ]
    again = harvester("run", home=home)
    assert again.returncode == 0, again.stderr
    assert "house: OK: nothing new; read the last 7 days" in again.stdout
    status = harvester("status", home=home)
    assert status.returncode == 0
    assert "house 1000505001" in status.stdout
    said = r"house: OK on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. Everything .* To act: nobody\."
    assert re.search(said, status.stdout)


def test_a_wrong_password_is_not_sent_again_until_it_is_changed(home: Path, origin: str) -> None:
    assert harvester("member", "add", "house", "--profile", "local", "--user", "sandbox-new",
                     home=home, said="wrong\n").returncode == 0  # fmt: skip
    before = counts(origin)
    fails(harvester("run", home=home), State.BAD_CREDENTIALS, "house", "rejected")
    assert counts(origin) == (before[0], before[1] + 1)
    fails(harvester("run", home=home), State.BAD_CREDENTIALS, "house", "not sent again")
    assert counts(origin) == (before[0], before[1] + 1)
    harvester("member", "add", "house", "--profile", "local", "--user", "sandbox-new",
              home=home, said="sandbox-new-Pa55\n")  # fmt: skip
    assert harvester("run", home=home).returncode == 0
    assert counts(origin) == (before[0] + 1, before[1] + 1)


def counts(origin: str) -> tuple[int, int]:
    """Return how often anyone signed in, and was rejected."""
    with urllib.request.urlopen(f"{origin}/_sandbox/counts") as answer:
        told = json.load(answer)
    return sum(told["sign_ins"].values()), sum(told["rejected"].values())


def test_an_unknown_profile_names_the_known_ones(tmp_path: Path) -> None:
    told = harvester("member", "add", "house", "--profile", "nowhere", "--user", "u", home=tmp_path)
    fails(told, State.UNKNOWN_PROFILE, "nowhere", "caec", "union-power")
    fails(harvester("check", "nowhere", home=tmp_path), State.UNKNOWN_PROFILE, "nowhere")


def test_a_profile_with_an_unknown_key_is_refused(home: Path) -> None:
    file = home / "profiles" / "local.toml"
    file.write_text('colour = "green"\n' + file.read_text())
    fails(harvester("check", "local", home=home), State.INVALID_PROFILE, "local", "colour")
    fails(harvester("run", home=home), State.INVALID_PROFILE, "local", "colour")


def test_a_portal_that_is_down_is_named_and_tried_again_later(home: Path) -> None:
    file = home / "profiles" / "local.toml"
    file.write_text(PROFILE.format(origin="http://127.0.0.1:1"))
    told = harvester("run", home=home)
    fails(told, State.PORTAL_DOWN, "127.0.0.1:1", "run again later")
    assert "PORTAL_DOWN" in harvester("status", home=home).stdout


def test_an_unwritable_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for command in (("init",), ("demo",), ("status",)):
        told = harvester(*command, home=tmp_path / "file" / "home")
        fails(told, State.HOME_UNUSABLE, str(tmp_path / "file"))


def test_a_browser_that_is_set_but_not_there_is_named(home: Path) -> None:
    told = harvester("run", home=home, HARVESTER_BROWSER="/nowhere/chromium")
    fails(told, State.NO_BROWSER, "/nowhere/chromium")


def test_an_unknown_member_and_an_empty_home_say_what_to_do(tmp_path: Path) -> None:
    fails(harvester("run", "nobody", home=tmp_path), State.UNKNOWN_MEMBER, "nobody", "member add")
    fails(harvester("run", home=tmp_path), State.UNKNOWN_MEMBER, "member add")


def test_no_password_is_taken_from_an_argument(home: Path) -> None:
    told = harvester("member", "add", "x", "--profile", "local", "--user", "u", "--password", "p",
                     home=home)  # fmt: skip
    assert told.returncode == 2
    nothing = harvester("member", "add", "x", "--profile", "local", "--user", "u", home=home)
    fails(nothing, State.NO_CREDENTIALS, "--password-file")
    assert harvester("member", "list", home=home).stdout == "house  local\n"


def test_every_shipped_profile_is_sound(tmp_path: Path) -> None:
    told = harvester("check", home=tmp_path)
    assert told.returncode == 0
    assert [line.split(":")[0] for line in told.stdout.splitlines()] == [
        "caec", "coweta-fayette", "union-power",
    ]  # fmt: skip


def test_the_truth_of_the_sandbox_is_one_json_document(tmp_path: Path) -> None:
    told = harvester("sandbox", "truth", "1000505001", home=tmp_path)
    document = json.loads(told.stdout)
    assert [s["user"] for s in document["sign_ins"]] == ["sandbox-new"]
    assert document["sign_ins"][0]["accounts"][0]["number"] == "1000505001"


def test_an_unknown_fault_names_the_known_ones(tmp_path: Path) -> None:
    told = harvester("sandbox", "serve", "--fault", "gremlin", home=tmp_path)
    assert told.returncode == MEANINGS[State.INVALID_PROFILE].exit_code
    first, *listed = told.stderr.splitlines()
    assert "gremlin" in first
    assert "  html-pdf=N  Which PDF request answers HTML." in listed


def test_help_needs_no_other_page(tmp_path: Path) -> None:
    told = harvester("--help", home=tmp_path)
    for name in ("demo", "init", "member", "run", "backfill", "status", "reprocess", "check",
                 "sandbox"):  # fmt: skip
        assert re.search(rf"^ +{name}( |$)", told.stdout, re.MULTILINE)
        shown = harvester(name, "--help", home=tmp_path)
        assert shown.returncode == 0
        assert "usage: harvester" in shown.stdout
