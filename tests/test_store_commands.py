"""`harvester store migrate` says where a home is kept; who has no server needs nothing for one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harvester.cli import main
from harvester.filing import Store
from harvester.store.place import Server


@pytest.fixture
def home(tmp_path: Path) -> Path:
    store = Store(tmp_path / "home")
    store.catalog.account_id("caec", "house", "1000101001")
    sha = store.archive.put(b"%PDF-1.7", "pdf")
    store.catalog.close()
    assert store.archive.path(sha).exists()
    return tmp_path / "home"


def migrate(home: Path, *arguments: str) -> int:
    return main(["store", "migrate", "--home", str(home), *arguments])


def test_a_home_is_moved_and_every_command_finds_it_there(
    home: Path, schema: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = tmp_path / "shared"
    to = ("--to", schema.dsn, "--schema", schema.schema, "--archive", str(shared))
    assert migrate(home, *to, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: told[name] for name in ("database", "rows", "entries", "files")} == {
        "database": "postgresql",
        "rows": 1,
        "entries": 0,
        "files": 1,
    }
    assert main(["status", "--home", str(home), "--json"]) == 0
    assert "1000101001" in capsys.readouterr().out
    assert main(["audit", "show", "--home", str(home)]) == 0
    assert f"store.moved  kind postgresql, sha {told['digest']}" in capsys.readouterr().out
    assert migrate(home, "--to", "sqlite", "--archive", str(home / "archive")) == 0
    assert "1 rows, 1 entries of the trail and 1 files" in capsys.readouterr().out
    assert main(["audit", "verify", "--home", str(home)]) == 0
    assert not (home / "store.toml").exists()


def test_who_asks_for_what_is_so_already_changes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(home, "--to", "sqlite") == 0
    assert "1 rows" in capsys.readouterr().out
    assert Store(home).trail.verify() == 0


def test_a_server_that_is_not_there_leaves_the_home_and_ends_with_12(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for to, said in (
        ("postgresql://u@127.0.0.1:1/d", "refused"),
        ("oracle://u@h/d", "does not begin with postgresql://"),
        ("postgresql://u:geheim@h/d", "holds a password"),
    ):
        assert migrate(home, "--to", to) == 12
        told = capsys.readouterr().err
        assert said in told
        assert "geheim" not in told
    assert len(Store(home).catalog.accounts()) == 1


def test_a_home_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate(tmp_path / "nowhere", "--to", "sqlite") == 12
    assert "There is no home" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


NOT_INSTALLED = """
import sys
sys.modules["psycopg"] = None  # as if it were not there
from harvester.cli import main
code = main(sys.argv[1:])
assert "harvester.store.postgres" not in sys.modules
sys.exit(code)
"""


def test_without_psycopg_a_home_in_files_works_and_a_server_is_said_to_need_it(home: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", NOT_INSTALLED, *arguments, "--home", str(home)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert run("status").returncode == 0
    asked = run("store", "migrate", "--to", "postgresql://u@h/d")
    assert asked.returncode == 12
    assert "pip install 'harvester[postgres]'" in asked.stderr
    assert "Traceback" not in asked.stderr
