"""A schedule as a process: it says how it is, is told to end in mid-run, and goes on later."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError

from coop import Audit, Coop
from prometheus_client.parser import text_string_to_metric_families

from harvester.errors import MEANINGS, State
from harvester.filing import Store

SECONDS = 120


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def asked(port: int, path: str, host: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def states(home: Path) -> list[State | None]:
    with Store(home).catalog as catalog:
        return [run.state for run in catalog.last_runs()]


def test_a_schedule_tells_how_it_is_ends_at_a_safe_point_and_goes_on(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with Coop("sandbox-new", months=1, click_ms=20) as coop:
        coop.make_home(home)
        coop.hold = "GetIntervalData"
        running = coop.start(home, "schedule", "--port", f"{port}")
        assert coop.waiting.wait(SECONDS)
        code, told = asked(port, "/health")
        health = json.loads(told)
        assert (code, health["ok"], health["trouble"]) == (200, True, {})
        code, told = asked(port, "/metrics")
        families = {family.name: family for family in text_string_to_metric_families(told)}
        assert code == 200
        assert families["harvester_runs"].samples[0].labels["state"] == "UNFINISHED"
        assert families["harvester_sign_ins_last_day"].samples[0].value == 1
        assert asked(port, "/metrics", "portal.example:80")[0] == 403
        second = coop.start(home, "schedule", "--once")
        assert "is running; it is left to go on" in second.communicate()[0]
        running.send_signal(signal.SIGTERM)
        coop.hold = ""
        coop.go_on.set()
        told, _ = running.communicate(timeout=SECONDS)
        assert running.returncode == 0, told
        events = [json.loads(line)["event"] for line in told.splitlines()]
        assert events[0] == "schedule.started"
        assert events[-1] == "schedule.ended"
        assert "schedule.ending" in events
        assert states(home) == [State.PENDING]
        heartbeat = home / "schedule" / "heartbeat.json"
        assert json.loads(heartbeat.read_text())["pid"] == running.pid
        assert stat.S_IMODE(heartbeat.stat().st_mode) == 0o600
        later = timedelta(minutes=20)
        textfile = tmp_path / "harvester.prom"
        once = coop.start(home, "schedule", "--once", "--textfile", f"{textfile}", off=later)
        told, _ = once.communicate(timeout=SECONDS)
        assert once.returncode == 0, told
        assert states(home) == [State.OK]
        assert Audit(coop, home).everything() == []
        counted = {f.name: f for f in text_string_to_metric_families(textfile.read_text())}
        (age,) = counted["harvester_newest_hour_age_seconds"].samples
        # Noon of the day, twenty minutes on and some seconds; the newest hour ended at midnight.
        assert 12 * 3600 + 20 * 60 <= age.value < 12 * 3600 + 25 * 60
        assert age.labels["account"].startswith("…")
        assert not any(number in textfile.read_text() for number in coop.accounts())
        assert coop.sign_ins == []
        assert coop.counts.sign_ins.total() == 2


def test_a_port_that_another_program_has_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = subprocess.run(
            [sys.executable, "-m", "harvester", "schedule", "--port", f"{port}",
             "--home", tmp_path],
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    assert told.returncode == MEANINGS[State.HOME_UNUSABLE].exit_code
    assert f"cannot be served on port {port}" in told.stderr
    assert "--port" in told.stderr
    assert "Traceback" not in told.stderr
