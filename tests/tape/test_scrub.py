"""Thirty planted facts: none is in the tape, and none may be left out of the scrubbing."""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

import pypdfium2
import pytest
from planted_facts import ABOUT, ALL, COOKIES, KNOWN, NAMES, PHONES, TOKENS, heard

from harvester import scrub as scrubbing
from harvester.errors import BadData, State
from harvester.scrub import Mask, Scrubbed, scrub
from harvester.scrub.needles import Needle
from harvester.scrub.placeholders import needles
from harvester.tape import folder


@pytest.fixture(scope="module")
def scrubbed() -> Scrubbed:
    return scrub(heard(), ABOUT, KNOWN)


def readings(content: bytes) -> Iterator[str]:
    """Yield a file as anybody could read it who looks for something."""
    text = content.decode(errors="replace")
    undone = [text, html.unescape(text), unquote(text), unquote_plus(html.unescape(text))]
    undone.append(re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text))
    undone += [re.sub(r"<[^>]*>", "", one) for one in undone]
    yield from undone
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}", text):
        whole = run.translate(str.maketrans("-_", "+/"))[: len(run) - (len(run) % 4 == 1)]
        yield base64.b64decode(whole + "=" * (-len(whole) % 4)).decode(errors="replace")
    if content.startswith(b"%PDF-"):
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
            packed = base64.a85decode(b"<~" + stream.strip(), adobe=True)
            yield zlib.decompress(packed).decode(errors="replace")


def documents(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as found:
        pages = [page.get_textpage().get_text_range() for page in found]
        return "\n".join([*pages, *found.get_metadata_dict().values()])


def test_at_least_thirty_facts_are_planted_and_each_is_read_in_what_was_heard() -> None:
    assert len(set(ALL)) == len(ALL) >= 30
    told = "\n".join(
        one for h in heard() for one in readings(h.reply.body + h.request.url.encode())
    )
    for fact in ALL:
        assert fact in told


def test_no_planted_fact_is_in_any_file_of_the_tape(scrubbed: Scrubbed) -> None:
    files = dict(folder.files(scrubbed.tape))
    told = "\n".join(one for content in files.values() for one in readings(content)).casefold()
    told += documents(next(c for n, c in files.items() if n.endswith(".pdf") and len(c) > 99))
    spaced = re.sub(r"[\s().-]", "", told)
    left = [fact for fact in ALL if fact.casefold() in told]
    numbers = [re.sub(r"\D", "", f) for f in (*(k.text for k in KNOWN[2:6]), *PHONES)]
    assert left == []
    assert [number for number in (*numbers, "4711223", "5822334") if number in spaced] == []


@pytest.mark.parametrize("fact", ALL)
def test_with_any_one_fact_let_through_the_tape_is_refused(
    fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Mask.__init__

    def careless(mask: Mask, hidden: list[Needle], secret: Iterator[str]) -> None:
        bare = re.sub(r"[\s().-]", "", fact)
        through = [
            Needle(n.what, n.text, n.text)
            if n.text in fact or (n.digits and n.digits in bare) or fact in n.text
            else n
            for n in hidden
        ]
        made(mask, through, secret)
        mask._tokens |= {token: token for token in mask._tokens if token == fact}

    monkeypatch.setattr(Mask, "__init__", careless)
    with pytest.raises(BadData) as refused:
        scrub(heard(every_spelling=False), ABOUT, KNOWN)
    assert refused.value.state is State.INVALID_TAPE
    assert "still holds" in str(refused.value)
    assert fact not in str(refused.value)


def test_dates_amounts_and_free_phone_numbers_are_kept(scrubbed: Scrubbed) -> None:
    _, feed, document, picture, half = (e.reply.body for e in scrubbed.tape.exchanges)
    assert b'"kept": {"date": "03/20/2026", "KWH": "1.23", "free": "(800) 555-0100"}' in feed
    assert "Billing date 03/20/2026" in documents(document)
    assert "Total due $172.77" in documents(document)
    assert (picture, half) == (b"", b"%PDF-1.4\n")


def test_an_account_number_stays_one_and_a_members_accounts_stay_together(
    scrubbed: Scrubbed,
) -> None:
    one, other, third = (scrubbed.mask.text(fact.text) for fact in KNOWN[2:5])
    assert all(re.fullmatch(r"9\d{6}00[12]", number) for number in (one, other, third))
    assert one[:7] == other[:7] != third[:7]
    assert (one[7:], other[7:], third[7:]) == ("001", "002", "001")
    assert scrubbed.mask.text("4711223-001, 04711223") == f"{one[:7]}-001, 0{one[:7]}"


def test_a_placeholder_has_the_shape_of_its_fact_and_is_the_same_everywhere(
    scrubbed: Scrubbed,
) -> None:
    for fact in (*(k.text for k in KNOWN), *NAMES):
        hidden = scrubbed.mask.text(fact)
        assert len(hidden) == len(fact)
        shapes = (re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "a", text)) for text in (fact, hidden))
        assert len(set(shapes)) == 1
        assert scrubbed.mask.text(f"({fact})") == f"({hidden})"


def test_cookies_keep_their_names_and_other_headers_are_dropped(scrubbed: Scrubbed) -> None:
    headers = dict(scrubbed.tape.exchanges[0].reply.headers)
    assert headers["Set-Cookie"] == "sid=tape; path=/; HttpOnly"
    assert "X-User" not in headers
    assert set(headers) == {"Content-Type", "Set-Cookie", "Location", "Content-Disposition"}
    assert not any(secret in str(scrubbed.tape.exchanges) for secret in (*COOKIES, *TOKENS))


def test_a_partial_postback_still_tells_the_length_of_its_parts() -> None:
    panel = "<p>Welcome, Barnabas Öck &amp; S&ouml;n</p>"
    told = f"1|#||4|{len(panel)}|updatePanel|p|{panel}|7|pageRedirect||%2fhome|"
    mask = Mask(needles([scrubbing.Fact("name", "Barnabas Öck & Sön")]), [])
    parts = mask.text(told)
    head = re.match(r"1\|#\|\|4\|(\d+)\|updatePanel\|p\|", parts)
    assert head
    inner = parts[head.end() : head.end() + int(head[1])]
    assert inner.startswith("<p>Welcome, ")
    assert inner.endswith("</p>")
    assert parts[head.end() + int(head[1]) :] == "|7|pageRedirect||%2fhome|"
    assert "Barnabas" not in parts


def test_a_short_fact_is_hidden_where_it_is_a_word_of_its_own() -> None:
    mask = Mask(needles([scrubbing.Fact("user ID", "bob"), scrubbing.Fact("password", "4711")]), [])
    text = "Hi Bob, bobbin; user=bob&x=1, pin 4711, 04711.5 kWh 47110"
    told = mask.text(text)
    assert re.fullmatch(
        r"Hi ([A-Z][a-z]{2}), bobbin; user=([a-z]{3})&x=1, pin (9\d{3}), 04711.5 kWh 47110", told
    )
    mask.refuse("it", told.encode())
    with pytest.raises(
        BadData, match=r"it still holds what was to be hidden \(password, user ID\)"
    ):
        mask.refuse("it", text.encode())


def test_the_cells_of_a_table_are_not_read_as_one_number() -> None:
    mask = Mask(needles([scrubbing.Fact("account number", "1000101001")]), [])
    row = "<tr><td>1000</td><td>101001</td></tr><p>1.000 101 kWh 10/00/101001</p>"
    assert mask.text(row) == row
    mask.refuse("a table", row.encode())
