"""A tape is read as it was written, matched as declared, and refused in one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_async
from planted_facts import ABOUT, PORTAL

from harvester.errors import MEANINGS, Misconfigured, State
from harvester.exchange import Reply, Request
from harvester.tape import folder
from harvester.tape.expected import differences
from harvester.tape.matching import VOLATILE, key
from harvester.tape.tape import Heard, Player, Tape, unscrubbed

HTML = (("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "a=tape"))
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def page(path: str, body: bytes, method: str = "GET", session: int = 1) -> Heard:
    return Heard(session, Request(method, PORTAL + path), Reply(200, HTML, body))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    heard = [page("/a", b"one"), page("/a", b"two"), page("/b", b"one"), page("/c", b"")]
    place = tmp_path / "caec" / "small"
    folder.write(place, folder.files(unscrubbed(ABOUT, heard)))
    return place


def test_a_tape_is_read_as_it_was_written_and_equal_bodies_are_one_file(written: Path) -> None:
    tape = folder.read(written)
    assert tape.about == ABOUT
    assert [e.reply.body for e in tape.exchanges] == [b"one", b"two", b"one", b""]
    assert tape.exchanges[0].reply.headers == HTML
    assert len(list((written / "bodies").iterdir())) == 2
    again = written.parent / "again"
    folder.write(again, folder.files(tape))
    for name in ("tape.toml", "exchanges.jsonl", "expected.json"):
        assert (again / name).read_bytes() == (written / name).read_bytes()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def body(place: Path) -> Path:
    return min((place / "bodies").iterdir())


DAMAGES = {
    "a truncated body": (lambda p: cut(body(p)), "cut short"),
    "a missing body": (lambda p: body(p).unlink(), "not there"),
    "a missing tape.toml": (lambda p: (p / "tape.toml").unlink(), "is called"),
    "missing exchanges": (lambda p: (p / "exchanges.jsonl").unlink(), "not there"),
    "a missing expected": (lambda p: (p / "expected.json").unlink(), "not there"),
    "truncated exchanges": (lambda p: cut(p / "exchanges.jsonl") or cut(p / "exchanges.jsonl"),
                            "line 4 is no exchange"),
    "a truncated expected": (lambda p: cut(p / "expected.json") or cut(p / "expected.json"),
                             "no JSON"),
    "an unknown version": (
        lambda p: (p / "tape.toml").write_text(
            (p / "tape.toml").read_text().replace("version = 1", "version = 99")
        ),
        "format 99, and this harvester reads 1",
    ),
    "an unknown key": (
        lambda p: (p / "tape.toml").write_text('colour = "red"\n' + (p / "tape.toml").read_text()),
        "colour",
    ),
    "a body elsewhere": (
        lambda p: (p / "exchanges.jsonl").write_text(
            (p / "exchanges.jsonl").read_text().replace('"body": "', '"body": "../')
        ),
        "no name of a body",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_tape_is_one_clear_sentence(written: Path, damage: str) -> None:
    harm, said = DAMAGES[damage]
    harm(written)
    with pytest.raises(Misconfigured) as refused:
        folder.read(folder.find(["small"], [written.parent.parent])["caec/small"])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")
    assert MEANINGS[refused.value.state].exit_code == 53


def test_a_tape_is_found_by_scenario_and_the_homes_own_comes_first(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for place in (own / "caec/a", other / "caec/a", other / "union-power/a", other / "caec/b"):
        folder.write(place, folder.files(unscrubbed(ABOUT, [])))
    assert folder.find(["b"], [own, other]) == {"caec/b": other / "caec/b"}
    assert folder.find(["caec/a"], [own, other]) == {"caec/a": own / "caec/a"}
    assert list(folder.find([], [own, other])) == ["caec/a", "caec/b", "union-power/a"]
    for name in ("a", "nothing"):
        with pytest.raises(Misconfigured) as refused:
            folder.find([name], [own, other])
        assert refused.value.state is State.INVALID_TAPE


def test_what_is_volatile_does_not_tell_requests_apart_and_all_else_does() -> None:
    def form(text: str, url: str = "/in?_=1&a=b") -> object:
        return key(Request("POST", PORTAL + url, FORM, text.encode()), VOLATILE)

    one = form("__VIEWSTATE=abc&dnn%24txtPassword=x&user=me&ScrollTop=")
    assert one == form("__VIEWSTATE=xyz&dnn%24txtPassword=y&user=me&ScrollTop=", "/in?_=2&a=b")
    assert one != form("__VIEWSTATE=abc&dnn%24txtPassword=x&user=you&ScrollTop=")
    assert one != form("__VIEWSTATE=abc&dnn%24txtPassword=x&user=me&ScrollTop=", "/in?_=1&a=c")

    def told(text: str) -> object:
        return key(Request("POST", PORTAL + "/feed", (), text.encode()), VOLATILE)

    assert told('{"b": 1, "a": "x", "ts": 5}') == told('{"a":"x","ts":6,"b":1}')
    assert told('{"b": 1, "a": "x"}') != told('{"b": 1, "a": "y"}')
    assert told("not json") != told("no json")


def test_equal_requests_are_answered_in_order_each_session_from_its_own_part() -> None:
    heard = [page("/a", b"1"), page("/a", b"2"), page("/p", b"3", "POST"),
             page("/a", b"4", session=2)]  # fmt: skip
    player = Player(unscrubbed(ABOUT, heard))

    async def play() -> list[bytes | int]:
        async def never(_: Request) -> Reply:
            raise AssertionError

        async def ask(method: str, path: str) -> bytes | int:
            reply = await session(Request(method, PORTAL + path), never)
            return reply.body or reply.status

        session = player.session()
        told = [await ask("GET", "/a") for _ in range(3)]
        told += [await ask("POST", "/p") for _ in range(2)]
        session = player.session()
        return [*told, await ask("GET", "/a"), await ask("GET", "/unknown?x=1")]

    assert run_async(play()) == [b"1", b"2", b"2", b"3", 502, b"4", 502]
    assert player.misses == [
        f"session 1 asks POST {PORTAL}/p",
        f"session 2 asks GET {PORTAL}/unknown?x=1",
    ]


def test_each_field_that_differs_is_told_by_its_path() -> None:
    one = {"a": {"b": [1, {"c": "x"}], "d": "same"}, "gone": 1}
    other = {"a": {"b": [1, {"c": "y"}], "d": "same"}, "new": [2]}
    assert list(differences(one, other)) == [
        'a > b > 2 > c: "x" was expected, "y" came',
        "gone: 1 was expected, nothing came",
        "new: nothing was expected, [2] came",
    ]
    assert list(differences(one, one)) == []
    assert Tape(ABOUT, ()).expected == {}
