"""Profiles that ship are sound, and one that is not says in a sentence what to correct."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harvester.errors import Misconfigured, State
from harvester.platforms import fit
from harvester.platforms.oscp import Oscp
from harvester.profile import load, names, shipped

SOUND = """
platform = "oscp"
name = "Test Electric"
time_zone = "America/Chicago"
base = "/oscp"
origins = ["https://portal.example"]
"""


def refusal(folder: Path, text: str | bytes, name: str = "mine") -> Misconfigured:
    """Return how a profile of this text is refused, by itself or by its platform."""
    content = text.encode() if isinstance(text, str) else text
    (folder / f"{name}.toml").write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        fit(load(name, (folder,)))
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    assert f"Profile {name}: " in said
    assert caught.value.state is State.INVALID_PROFILE
    assert caught.value.exit_code == 11
    return caught.value


def changed(line: str) -> str:
    """Return the sound profile with one line in place of the one of the same key."""
    key = line.partition("=")[0]
    kept = [old for old in SOUND.splitlines() if not old.startswith(key)]
    assert len(kept) == len(SOUND.splitlines()) - 1
    return "\n".join([*kept, line])


def test_three_co_ops_are_shipped() -> None:
    assert names() == ["caec", "coweta-fayette", "union-power"]


@pytest.mark.parametrize("name", names())
def test_a_shipped_profile_loads_and_fits_its_platform(name: str) -> None:
    profile = load(name)
    assert profile.id == name
    assert fit(profile) is Oscp
    assert all(origin.startswith("https://") for origin in profile.origins)


def test_the_first_profile_says_what_is_known_of_its_utility() -> None:
    profile = load("caec")
    assert profile.name == "Central Alabama Electric Cooperative"
    assert profile.phone == "(800) 545-5735"
    assert profile.zone == ZoneInfo("America/Chicago")
    assert profile.origins[0] == "https://onlinebilling.caec.com"
    assert profile.bills_listed == 24
    assert profile.pace.sign_ins_a_day <= 3
    assert profile.url("daily") == (
        "https://onlinebilling.caec.com/oscp"
        "/DesktopModules/MeterUsage/API/MeterData.aspx/GetDailyUsageData"
    )


def test_the_routes_are_those_of_the_base() -> None:
    older, newer = load("caec"), load("union-power")
    assert older.url("usage") == (
        "https://onlinebilling.caec.com/oscp"
        "/MyAccount/AccountHistory/UsageHistory/MeterUsageList/tabid/266/Default.aspx"
    )
    assert newer.url("usage") == (
        "https://services.union-power.com/onlineportal/My-Account/Usage-History"
    )


def test_a_co_op_on_a_known_platform_is_about_ten_lines() -> None:
    lines = (shipped() / "caec.toml").read_text(encoding="utf-8").splitlines()
    assert 5 <= len(lines) <= 12


def test_a_co_op_says_only_what_differs() -> None:
    assert load("coweta-fayette").feed.member_digits == 0
    assert load("caec").feed.member_digits == 8
    assert load("coweta-fayette").feed.hour_label == load("caec").feed.hour_label == "beginning"


def test_a_profile_of_the_users_own_is_a_file_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SOUND)
    profile = load("mine", (tmp_path,))
    assert (profile.id, profile.name) == ("mine", "Test Electric")
    assert fit(profile) is Oscp
    assert names((tmp_path,)) == ["caec", "coweta-fayette", "mine", "union-power"]


def test_a_users_folder_comes_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "caec.toml").write_text(SOUND)
    assert load("caec", (tmp_path,)).name == "Test Electric"
    assert load("caec").name == "Central Alabama Electric Cooperative"


def test_a_users_platform_comes_before_the_shipped_one(tmp_path: Path) -> None:
    text = (shipped() / "platforms" / "oscp.toml").read_text(encoding="utf-8")
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "oscp.toml").write_text(text.replace('"User ID"', '"Member ID"'))
    assert load("caec", (tmp_path,)).locators["user"][0].label == "Member ID"
    assert load("caec").locators["user"][0].label == "User ID"


def test_one_repaired_locator_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(SOUND + '[locators]\nuser = [{ label = "Member ID" }]\n')
    profile = load("mine", (tmp_path,))
    assert [way.label for way in profile.locators["user"]] == ["Member ID"]
    assert profile.locators["password"] == load("caec").locators["password"]


@pytest.mark.parametrize(
    "name",
    ["nowhere", "../mine", "..", "./mine", "/etc/mine", "a/../mine", "Mine", "mine.toml", "", "-x"],
)
def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "profiles"
    (folder / "a").mkdir(parents=True)
    for place in (tmp_path, folder):
        (place / "mine.toml").write_text(SOUND)
    with pytest.raises(Misconfigured) as caught:
        load(name, (folder,))
    assert caught.value.state is State.UNKNOWN_PROFILE
    assert caught.value.exit_code == 10
    said = str(caught.value)
    assert said.startswith(f"No profile {name!r}; known are caec, coweta-fayette, mine, union-po")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SOUND + "retries = 3\n", "retries: is not a known key"),
        (SOUND + "[pace]\nspeed = 3\n", "pace.speed: is not a known key"),
        (SOUND + "[feed]\nhour_label = 'middle'\n", "feed.hour_label: "),
        (SOUND + "bills_listed = 'many'\n", "bills_listed: "),
        (SOUND.replace('name = "Test Electric"\n', ""), "name: Field required"),
        (SOUND.replace('platform = "oscp"\n', ""), 'add a line such as platform = "oscp"'),
        (changed("platform = 7"), "it names no platform"),
        (changed("origins = []"), "origins: "),
        (changed("base = 7"), "base: "),
        (changed("base = ['/oscp']"), "base: "),
        (SOUND + "routes = 5\n", "routes: "),
        (SOUND + "bases = 5\n", "bases"),
        (SOUND + "locators = 5\n", "locators: "),
        (SOUND + "[locators]\nuser = []\n", "locators.user: "),
        (SOUND + "[outcomes]\nOK = [{ text = '(' }]\n", "outcomes.OK"),
        (SOUND + "[feed]\nranges = []\n", "feed.ranges: "),
        (SOUND + "[feed]\nranges = [31, 0]\n", "feed.ranges.1: "),
    ],
)
def test_a_key_that_does_not_fit_is_named(tmp_path: Path, text: str, says: str) -> None:
    assert says in str(refusal(tmp_path, text))


@pytest.mark.parametrize(
    "origin",
    [
        "portal.example",
        "//portal.example",
        "ftp://portal.example",
        "https://",
        "https://portal.example/",
        "https://portal.example/oscp",
        "https://portal.example?a=b",
        "https://portal.example#a",
        "https://member@portal.example",
        "https://portal.example:port",
        "https://portal.example:99999",
        "https://[portal",
    ],
)
def test_what_is_no_origin_is_refused(tmp_path: Path, origin: str) -> None:
    said = str(refusal(tmp_path, changed(f"origins = ['https://fine.example', '{origin}']")))
    assert "origins.1: " in said


@pytest.mark.parametrize(
    "origin", ["https://portal.example", "http://127.0.0.1:8080", "http://[::1]:80"]
)
def test_an_origin_is_scheme_host_and_perhaps_port(tmp_path: Path, origin: str) -> None:
    (tmp_path / "mine.toml").write_text(changed(f"origins = ['{origin}']"))
    assert load("mine", (tmp_path,)).origins == (origin,)


@pytest.mark.parametrize("zone", ["Chicago", "America", "", "../x", "CDT-5"])
def test_what_is_no_time_zone_is_refused(tmp_path: Path, zone: str) -> None:
    said = str(refusal(tmp_path, changed(f"time_zone = '{zone}'")))
    assert "time_zone: " in said
    assert "is not an IANA time zone such as America/Chicago" in said


@pytest.mark.parametrize(
    "candidate",
    [
        "{}",
        "{ name = 'Sign In' }",
        "{ role = 'button', css = '#x' }",
        "{ label = 'User', text = 'User' }",
        "{ css = '#x', name = 'Sign In' }",
    ],
)
def test_a_candidate_that_is_not_one_way_is_refused(tmp_path: Path, candidate: str) -> None:
    said = str(refusal(tmp_path, SOUND + f"[locators]\nuser = [{{ css = '#y' }}, {candidate}]\n"))
    assert "locators.user.1: " in said
    assert "exactly one of role (with name), label, text, css" in said


def test_an_unknown_way_to_find_a_control_is_refused(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, SOUND + "[locators]\nuser = [{ xpath = '//x' }]\n"))
    assert "locators.user.0.xpath: is not a known key" in said


def test_a_locator_that_the_platform_does_not_know_is_refused(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, SOUND + "[locators]\nusr = [{ css = '#x' }]\n"))
    assert said == "Profile mine: locators has the unknown usr; correct the file."


@pytest.mark.parametrize(
    ("line", "group", "name"),
    [
        ("usage_note = .*\n", "locators", "usage_note"),
        ('daily = "{base}.*\n', "routes", "daily"),
        ("net_kwh = .*\n", "columns", "net_kwh"),
        ("daily_report = .*\n", "labels", "daily_report"),
        ("bind_ledger = .*\n", "functions", "bind_ledger"),
    ],
)
def test_a_name_that_the_platform_needs_and_the_file_lacks_is_refused(
    tmp_path: Path, line: str, group: str, name: str
) -> None:
    text = (shipped() / "platforms" / "oscp.toml").read_text(encoding="utf-8")
    without, cut = re.subn(f"^{line}", "", text, flags=re.MULTILINE)
    assert cut == 1
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "oscp.toml").write_text(without)
    said = str(refusal(tmp_path, SOUND))
    assert said == f"Profile mine: {group} lacks {name}; correct the file."


def test_a_base_without_routes_of_its_own_must_name_them(tmp_path: Path) -> None:
    said = str(refusal(tmp_path, changed("base = '/elsewhere'")))
    assert said == ("Profile mine: routes lacks billing, history, login, usage; correct the file.")


@pytest.mark.parametrize(
    "text",
    [
        "platform = oscp",
        "platform",
        SOUND + "name = 'twice'\n",
        b"\xff\xfe",
        "<html><body>Not found</body></html>\n",
    ],
)
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str | bytes) -> None:
    assert "mine.toml cannot be read: " in str(refusal(tmp_path, text))


@pytest.mark.parametrize("platform", ["nothing", "../mine", ""])
def test_an_unknown_platform_is_refused(tmp_path: Path, platform: str) -> None:
    (tmp_path / "mine.toml").write_text(changed(f"platform = '{platform}'"))
    with pytest.raises(Misconfigured) as caught:
        load("mine", (tmp_path,))
    assert caught.value.state is State.INVALID_PROFILE
    assert f"'platforms/{platform}'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_platform_with_data_but_without_code_is_refused(tmp_path: Path) -> None:
    text = (shipped() / "platforms" / "oscp.toml").read_text(encoding="utf-8")
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "other.toml").write_text(text)
    said = str(refusal(tmp_path, changed("platform = 'other'")))
    assert said == "Profile mine: there is no platform 'other'; known are oscp, generic."
