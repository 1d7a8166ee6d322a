"""A home is moved to another database or folder and back, whole, proven, and never half."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
from desk import CAEC, Desk
from simulated import Visit

from harvester.errors import BadData, Misconfigured, State, Transient
from harvester.export import FORMATS
from harvester.filing import Filing, Store
from harvester.sandbox.world import World
from harvester.store import moving
from harvester.store.catalog import Catalog
from harvester.store.checkpoint import Checkpoints
from harvester.store.moving import TABLES, move
from harvester.store.place import Server, place

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SOLAR = "1000202001"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a home with what two visits bring: both directions, revisions, bills and findings."""
    home = tmp_path_factory.mktemp("filled") / "home"
    desk = Desk(home, SOLAR)
    for day in (12, 18):
        world = World(today=NOON.date().replace(month=3, day=day))
        desk.take(Visit(world, SOLAR, world.today.replace(month=2, day=20), listed=3).artifacts())
    desk.catalog.record_sign_in(desk.run, NOON)
    desk.store.trail.append("run.started", NOON, member="house", run=desk.run)
    Checkpoints(desk.store.trail).sign(NOON)
    desk.store.trail.append("run.finished", NOON, member="house", run=desk.run)
    desk.catalog.close()
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "home"))


def here(home: Path) -> tuple[Path, Path]:
    """Return the database and the archive of a home that has all in itself."""
    return home / "catalog.sqlite", home / "archive"


def files(folder: Path) -> dict[str, str]:
    """Return every file with its hash."""
    return {
        f"{file.relative_to(folder)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def exported(home: Path, out: Path) -> dict[str, str]:
    """Write a home in every format there is, and return the hashes of the files."""
    store = Store(home)
    for name, module in FORMATS.items():
        (out / name).mkdir(parents=True)
        own = {"profiles": ()} if name == "greenbutton" else {}
        import_module(module).write(store, store.catalog.accounts(), None, out / name, **own)
    store.catalog.close()
    return files(out)


def test_to_a_server_and_back_gives_the_same_exports_rows_trail_and_files(
    home: Path, schema: Server, tmp_path: Path
) -> None:
    before, trail = exported(home, tmp_path / "1"), (home / "trail.jsonl").read_bytes()
    assert {name.partition("/")[0] for name in before} == set(FORMATS)
    archive = files(home / "archive")
    there = move(home, schema, home / "archive")
    assert not (home / "catalog.sqlite").exists()
    assert not (home / "trail.jsonl").exists()
    assert exported(home, tmp_path / "2") == before
    store = Store(home)
    assert (there.entries, there.files) == (2, len(archive))
    assert Checkpoints(store.trail).verify().covered == 1
    back = move(home, *here(home))
    assert back == there
    assert not (home / "store.toml").exists()
    assert exported(home, tmp_path / "3") == before
    assert (home / "trail.jsonl").read_bytes() == trail
    assert Checkpoints(Store(home).trail).verify().covered == 1
    assert files(home / "archive") == archive
    with psycopg.connect(schema.dsn) as other:
        assert other.execute("SELECT to_regnamespace(%s)", (schema.schema,)).fetchone() == (None,)


def test_a_home_on_a_server_goes_on_as_one_in_files(
    home: Path, schema: Server, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(home, tmp_path / "other"))
    move(home, schema, home / "archive")
    world = World(today=NOON.date().replace(month=3, day=25))
    told = list(Visit(world, SOLAR, world.today.replace(day=5), listed=3).artifacts())
    for one in (home, other):
        store = Store(one)
        (entry,) = store.catalog.accounts()
        run = store.catalog.begin_run("caec", "member", "run", NOON)
        for artifact in told:
            Filing(store, CAEC).take(entry.id, artifact, run)
        Filing(store, CAEC).again(entry.id)
        store.catalog.finish_run(run, State.OK, NOON, {"requests": 3})
    tables = (Store(one).catalog for one in (home, other))
    mine, theirs = (
        [t._rows(f"SELECT * FROM {name} ORDER BY {order}") for name, order in TABLES.items()]  # noqa: S608
        for t in tables
    )
    assert mine == theirs
    assert sum(map(len, mine)) > 1000


def test_a_home_moves_from_one_server_to_another(home: Path, schema: Server) -> None:
    first = move(home, schema, home / "archive")
    assert move(home, schema._replace(schema=f"{schema.schema}_too"), home / "archive") == first
    store = Store(home)
    assert store.trail.verify() == 2
    run = store.catalog.begin_run("caec", "member", "run", NOON)
    assert run == 2  # the numbers go on
    with pytest.raises(Misconfigured, match="no home in it"):
        Catalog(schema)


def test_every_table_is_moved_in_the_order_of_its_key(home: Path) -> None:
    db = Store(home).catalog
    known = {name for (name,) in db._rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert set(TABLES) == known
    for table, order in TABLES.items():
        columns = db._rows(f"PRAGMA table_info({table})")
        key = [name for *_, place, name in sorted((c[5], c[1]) for c in columns) if place]
        assert order.split(", ") == (key or ["run", "at"])
        seen = list(TABLES)[: list(TABLES).index(table)]
        needed = {row[2] for row in db._rows(f"PRAGMA foreign_key_list({table})")}
        assert needed <= set(seen), table


def test_files_move_to_a_shared_folder_and_back(home: Path, tmp_path: Path) -> None:
    archive, shared = files(home / "archive"), tmp_path / "shared" / "archive"
    proof = move(home, home / "catalog.sqlite", shared)
    assert (files(shared), files(home / "archive")) == (archive, {})
    assert proof.files == len(archive)
    assert Store(home).archive.folder == shared
    move(home, *here(home))
    assert (files(home / "archive"), files(shared)) == (archive, {})


def test_another_homes_folder_of_files_is_not_taken(home: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    sha = other.archive.put(b"theirs", "pdf")
    with pytest.raises(Misconfigured, match="something else"):
        move(home, home / "catalog.sqlite", other.archive.folder)
    assert set(files(other.archive.folder)) == {f"{sha[:2]}/{sha}.pdf"}


def test_another_home_on_the_server_is_not_taken(
    home: Path, schema: Server, tmp_path: Path
) -> None:
    other = Desk(tmp_path / "other", SOLAR)
    other.catalog.close()
    move(other.store.home, schema, tmp_path / "other" / "archive")
    before = files(home)
    with pytest.raises(Misconfigured, match=r"something else in harvester at .* --schema") as told:
        move(home, schema, home / "archive")
    assert told.value.exit_code == 12
    assert files(home).items() >= before.items()
    assert len(Store(tmp_path / "other").catalog.accounts()) == 1


def test_a_file_that_was_not_moved_by_us_is_not_written_over(
    home: Path, schema: Server, tmp_path: Path
) -> None:
    move(home, schema, home / "archive")
    Desk(tmp_path / "other", "1000101001").catalog.close()
    shutil.copy(tmp_path / "other" / "catalog.sqlite", home)
    kept = files(home)["catalog.sqlite"]
    with pytest.raises(Misconfigured, match="something else"):
        move(home, *here(home))
    assert files(home)["catalog.sqlite"] == kept
    assert (home / "trail.jsonl").read_bytes() == b""
    assert place(home).server == schema


def test_while_a_member_is_harvested_nothing_is_moved(home: Path, schema: Server) -> None:
    with (
        Store(home).alone("member", "busy"),
        pytest.raises(Transient, match="harvest is under way"),
    ):
        move(home, schema, home / "archive")
    assert place(home).server is None


@pytest.mark.parametrize("step", ["keep", "_remove"])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_move_that_is_cut_short_loses_nothing_and_goes_on(
    home: Path,
    schema: Server,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    back: bool,  # noqa: FBT001 - a parameter
) -> None:
    first = move(home, schema, home / "archive") if back else None
    wanted = here(home) if back else (schema, home / "archive")

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(moving, step, cut)
        with pytest.raises(KeyboardInterrupt):
            move(home, *wanted)
    assert len(Store(home).catalog.accounts()) == 1
    assert Store(home).trail.verify() == 2
    proof = move(home, *wanted)
    assert first is None or proof == first
    assert place(home).database == wanted[0]
    assert Store(home).trail.verify() == 2


def test_who_still_has_the_old_file_open_is_told_and_writes_nothing(
    home: Path, schema: Server
) -> None:
    old = Store(home)
    move(home, schema, home / "archive")
    with pytest.raises(Misconfigured, match="moved to another database: start this program anew"):
        old.catalog.begin_run("caec", "member", "run", NOON)
    new = Store(home)
    move(home, *here(home))
    with pytest.raises(Misconfigured, match="no home in it any more"):
        new.catalog.begin_run("caec", "member", "run", NOON)
    with pytest.raises(Misconfigured, match="no home in it any more"):
        new.trail.append("run.started", NOON)


def _lose_a_row(side: moving._Side, other: moving._Side) -> None:
    _FILL(side, other)
    side._write("DELETE FROM reading WHERE start = (SELECT max(start) FROM reading)", [()])


def _change_a_value(side: moving._Side, other: moving._Side) -> None:
    _FILL(side, other)
    side._write("UPDATE bill SET amount = amount + ? WHERE amount > 0", [(1,)])


_FILL = moving._Side.fill


@pytest.mark.parametrize("wrong", [_lose_a_row, _change_a_value])
def test_a_copy_that_differs_in_one_value_is_not_switched_to(
    home: Path,
    schema: Server,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[moving._Side, moving._Side], None],
) -> None:
    monkeypatch.setattr(moving._Side, "fill", wrong)
    with pytest.raises(Misconfigured, match="nothing was moved"):
        move(home, schema, home / "archive")
    assert place(home).server is None
    assert len(Store(home).catalog.accounts()) == 1
    monkeypatch.undo()
    assert move(home, schema, home / "archive").rows > 1000


def test_a_damaged_file_of_the_archive_ends_its_move(home: Path, tmp_path: Path) -> None:
    file = next(file for file in (home / "archive").rglob("*.pdf"))
    file.write_bytes(b"damaged")
    with pytest.raises(BadData, match="is not what was written"):
        move(home, home / "catalog.sqlite", tmp_path / "shared")
    assert Store(home).archive.folder == home / "archive"


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ("database = 3", "wrong in it: database; it may have database, schema, archive"),
        ("server = 'x'", "wrong in it: server"),
        ("schema = 'a\"; DROP TABLE run'", "wrong in it: schema"),
        ("database =", "it is not TOML"),
        ("archive = 'shared'", "not a whole path"),
        ("database = 'postgresql://u:geheim@h/d'", "holds a password"),
    ],
)
def test_a_wrong_store_toml_is_said_and_the_file_of_rows_is_not_used_instead(
    tmp_path: Path, told: str, match: str
) -> None:
    (tmp_path / "store.toml").write_text(told)
    with pytest.raises(Misconfigured, match=match) as caught:
        Store(tmp_path)
    assert caught.value.exit_code == 12
    assert "geheim" not in f"{caught.value}"
    assert not (tmp_path / "catalog.sqlite").exists()
