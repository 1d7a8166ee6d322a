"""Has systemd's user manager or else cron start due runs every quarter of an hour, and stop that.

What is written is marked by the home that it is for, is the same however often it is written, and
is removed exactly.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harvester.errors import Misconfigured, State

QUARTERS = "*:0/15"
"""When a timer looks who is due, as systemd.time(7) writes it; the plan says who that is."""
CRON = "*/15 * * * *"


class Job(NamedTuple):
    """What is to be started, and for which home."""

    home: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    """Settings that stand in the environment and have to stand in that of the job too."""

    @property
    def name(self) -> str:
        """What units and lines of this home are marked with."""
        return "harvester-" + hashlib.sha256(str(self.home).encode()).hexdigest()[:8]


def install(job: Job) -> list[str]:
    """Have it started by itself; return what was written where, a sentence each.

    Raises Misconfigured where there is neither systemd nor cron, or where they refuse.
    """
    for text in (*job.command, *job.environment.values()):
        if not text.isprintable():
            raise _refused(f"{text!r} holds a character that no timer's file may hold")
    if _has_systemd():
        written = _install_units(job)
        _change_crontab(job, line=None)  # or there would be two
        return written
    if shutil.which("crontab"):
        _change_crontab(job, line=_line(job))
        return [f"A line in the crontab of this user: {_line(job)}"]
    raise _refused(
        "neither a systemd user manager (systemctl --user) nor cron (crontab) answers here"
    )


def remove(job: Job) -> list[str]:
    """Take away what `install` wrote for this home, and nothing else; return what that was."""
    removed = []
    files = [file for file in _units(job) if file.exists()]
    if files:
        if _has_systemd():
            _systemctl("disable", "--now", f"{job.name}.timer")
        for file in files:
            file.unlink()
            removed.append(f"{file}")
        if _has_systemd():
            _systemctl("daemon-reload")
    if _change_crontab(job, line=None):
        removed.append("its line in the crontab of this user")
    return removed


def installed(job: Job) -> list[str]:
    """Return what starts runs of this home, a sentence each; empty where nothing does."""
    found = [f"{file}" for file in _units(job) if file.exists() and file.suffix == ".timer"]
    return [*found, *(line for line in _crontab().splitlines() if _is_of(line, job))]


def _install_units(job: Job) -> list[str]:
    contents = (_service(job), _timer(job))
    files = _units(job)
    try:
        files[0].parent.mkdir(parents=True, exist_ok=True)
        for file, content in zip(files, contents, strict=True):
            if not file.exists() or file.read_text(encoding="utf-8") != content:
                file.write_text(content, encoding="utf-8")
    except OSError as error:
        raise _refused(f"{files[0].parent} cannot be written ({error.strerror})") from error
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", f"{job.name}.timer")
    return [f"{file}" for file in files]


def _units(job: Job) -> tuple[Path, Path]:
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    folder = base / "systemd" / "user"
    return folder / f"{job.name}.service", folder / f"{job.name}.timer"


def _service(job: Job) -> str:
    command = " ".join(_quoted(part).replace("$", "$$") for part in job.command)
    settings = "".join(f"Environment={_quoted(f'{k}={v}')}\n" for k, v in job.environment.items())
    return (
        "# Written by `harvester schedule install`; `harvester schedule remove` takes it away.\n"
        f"[Unit]\nDescription=Harvests that are due in {_percent(str(job.home))}\n\n"
        f"[Service]\nType=oneshot\n{settings}ExecStart={command}\nTimeoutStopSec=120\n"
    )


def _timer(job: Job) -> str:
    return (
        "# Written by `harvester schedule install`; `harvester schedule remove` takes it away.\n"
        f"[Unit]\nDescription=Looks for harvests that are due in {_percent(str(job.home))}\n\n"
        f"[Timer]\nOnCalendar={QUARTERS}\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Quote one word for systemd, see systemd.service(5) and systemd.syntax(7)."""
    escaped = _percent(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{escaped}"'


def _line(job: Job) -> str:
    """Return the line of a crontab, in which a bare `%` would end the command, see crontab(5).

    What it logs goes to the system's log: else cron would send it by mail, every night.
    """
    settings = [f"{key}={shlex.quote(value)}" for key, value in job.environment.items()]
    words = " ".join([*settings, shlex.join(job.command)]).replace("%", r"\%")
    log = f" 2>&1 | logger -t {job.name}" if shutil.which("logger") else ""
    return f"{CRON} {words}{log} # {job.name}"


def _is_of(line: str, job: Job) -> bool:
    return line.endswith(f" # {job.name}")


def _change_crontab(job: Job, line: str | None) -> bool:
    """Put a line in place of this home's, or take that away; tell whether that changed anything."""
    before = _crontab()
    others = [one for one in before.splitlines(keepends=True) if not _is_of(one.rstrip("\n"), job)]
    after = "".join(others)
    if line is not None:
        after += ("" if after.endswith("\n") or not after else "\n") + f"{line}\n"
    if after == before:
        return False
    _run(["crontab", "-"], after)
    return True


def _crontab() -> str:
    """Return this user's crontab; one that cannot be read is never taken for an empty one."""
    if not shutil.which("crontab"):
        return ""
    told = subprocess.run(
        ["crontab", "-l"],  # noqa: S607 - wherever this system has it
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    if told.returncode == 0:
        return told.stdout
    if "no crontab for" in told.stderr:
        return ""
    raise _refused(f"crontab says: {told.stderr.strip()}")


def _has_systemd() -> bool:
    if not shutil.which("systemctl"):
        return False
    asked = ["systemctl", "--user", "show-environment"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _systemctl(*arguments: str) -> None:
    _run(["systemctl", "--user", *arguments])


def _run(command: Sequence[str], text: str | None = None) -> None:
    told = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if told.returncode:
        said = told.stderr.strip() or f"it ended with {told.returncode}"
        raise _refused(f"`{shlex.join(command)}` says: {said}")


def _refused(why: str) -> Misconfigured:
    return Misconfigured(
        State.NO_TIMER,
        f"No timer was set or removed: {why}. Run `harvester schedule`, which stays, as a service,"
        " or have `harvester schedule --once` started every quarter of an hour.",
    )
