"""`profile test` proves a profile at its portal, and asks nothing that it may not ask."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import apart

from harvester.cli import main
from harvester.profile import shipped
from harvester.sandbox.app import COUNTS, serve
from harvester.sandbox.counts import Counts
from harvester.sandbox.portals import forms
from harvester.sandbox.world import World

TEXT = (shipped() / "examples" / "example-forms.toml").read_text(encoding="utf-8")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[tuple[Path, Counts]]:
    """Serve the example on a thread; yield a home whose profile `mine` is of it, and its counts."""
    app = forms.portal(World())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner, port = asyncio.run_coroutine_threadsafe(serve(app), loop).result()
    (tmp_path / "profiles").mkdir(mode=0o700)
    text = TEXT.replace("8602", f"{port}")
    (tmp_path / "profiles" / "mine.toml").write_text(text, encoding="utf-8")
    try:
        yield tmp_path, app[COUNTS]
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_the_sign_in_page_is_proven_without_a_member(
    there: tuple[Path, Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    home, counts = there
    assert apart(main, ["profile", "test", "mine", "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["found"]
    assert list(told) == ["member", "number", "go_in"]
    assert {rank for rank, _ in told.values()} == {1}
    assert dict(counts.routes) == {"/": 1}

    assert main(["stop", "mine", "--reason", "asked to", "--home", str(home)]) == 0
    assert apart(main, ["profile", "test", "mine", "--home", str(home)]) == 17
    assert dict(counts.routes) == {"/": 1}


def test_a_control_that_is_found_by_a_later_way_is_told_and_one_that_is_not_is_drift(
    there: tuple[Path, Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    home, _ = there
    file = home / "profiles" / "mine.toml"
    text = file.read_text(encoding="utf-8").replace(
        'member = [{ label = "Member" }]', 'member = [{ label = "Gone" }, { css = "#m" }]'
    )
    file.write_text(text, encoding="utf-8")
    assert apart(main, ["profile", "test", "mine", "--home", str(home)]) == 0
    assert "member: css '#m' (its way 2" in capsys.readouterr().out

    quick = text.replace(', { css = "#m" }', "") + "\n[pace]\nreply_seconds = 1\n"
    file.write_text(quick, encoding="utf-8")
    assert apart(main, ["profile", "test", "mine", "--home", str(home)]) == 40
    assert "No member was found" in capsys.readouterr().err


def test_a_member_is_signed_in_only_with_leave(
    there: tuple[Path, Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    home, counts = there
    secret = home / "secret"
    secret.write_text("sandbox-new-Pa55")
    secret.chmod(0o600)
    who = ["house", "--profile", "mine", "--user", "sandbox-new", "--password-file", str(secret)]
    assert main(["member", "add", *who, "--home", str(home)]) == 0
    assert apart(main, ["profile", "test", "mine", "--member", "house", "--home", str(home)]) == 60
    assert counts.total == 0

    assert main(["authorize", "add", "house", "--own", "--home", str(home)]) == 0
    code = apart(main, ["profile", "test", "mine", "--member", "house", "--home", str(home)])
    said = capsys.readouterr().out
    assert code == 3, said  # the days that were asked for are not those of the simulated co-op
    assert "cannot be turned to" in said
    assert counts.sign_ins == {"sandbox-new": 1}
    assert counts.routes["/bill"] == 4
