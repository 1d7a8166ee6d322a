"""Facts that nobody told are found where pages, feeds and documents name them."""

from __future__ import annotations

import json

import pytest
from planted_facts import PORTAL

from harvester.exchange import Reply, Request
from harvester.scrub.facts import ADDRESS, EMAIL, METER, NAME, Fact, discover, tokens
from harvester.scrub.needles import PHONE
from harvester.tape.tape import Heard

TABLE = (
    "<table><tr><th>Status</th><th>Address</th><th>Name</th></tr>"
    "<tr><td>ACTIVE</td><td>1 Oak St</td><td>Ada B</td></tr>"
    "<tr><td>ACTIVE</td><td>2 Elm St</td><td></td></tr></table>"
)


def found(text: str) -> set[Fact]:
    return set(discover([Heard(1, Request("GET", PORTAL), Reply(200, (), text.encode()))]))


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("<dl><dt>Name:</dt><dd>Ada B</dd></dl>", {Fact(NAME, "Ada B")}),
        ("<p><b>Account Holder</b>: Ada B</p>", {Fact(NAME, "Ada B")}),
        ("<div><label>E-mail</label><input value='a@b.co'></div>", {Fact(EMAIL, "a@b.co")}),
        ("<p><label>Phone</label> <span>3345678901 x2</span></p>", {Fact(PHONE, "3345678901")}),
        (
            TABLE,
            {Fact(ADDRESS, "1 Oak St"), Fact(ADDRESS, "2 Elm St"), Fact(NAME, "Ada B")},
        ),
        ("<dl><dt>Meter Number(s)</dt><dd>55667788, AB-9981</dd></dl>",
         {Fact(METER, "55667788"), Fact(METER, "AB-9981")}),
        ("<p>Call (334) 567-8901, 334.567.8902 or (800) 555-0100</p>",
         {Fact(PHONE, "3345678901"), Fact(PHONE, "3345678902")}),
        (json.dumps({"a": [{"CustomerName": "Ada B", "METER": "55667788", "d": "01/02/2026"}]}),
         {Fact(NAME, "Ada B"), Fact(METER, "55667788")}),
        ("<dl><dt>Name</dt><dd>12/31</dd><dt>Phone</dt><dd>on file</dd></dl>", set()),
        ("<p>Usage name plates and phones 21480 22510 987</p>", set()),
    ],
)  # fmt: skip
def test_facts_are_known_by_their_labels_and_their_form(text: str, facts: set[Fact]) -> None:
    assert found(text) == facts


def test_what_proves_who_somebody_is_is_known_wherever_it_is_handed_over() -> None:
    page = (
        "<input type='hidden' name='__VIEWSTATE' value='state-1234'>"
        "<input type='hidden' name='__VIEWSTATEGENERATOR' value='F57EDA00'>"
        "<input name='ctl$hdnSecretkey' value='secret-1234'><input name='q' value='word-12345'>"
        "9|hiddenField|__EVENTVALIDATION|event-123|"
    )
    request = Request(
        "GET",
        f"{PORTAL}/?sessionid=url-12345&page=page-12345",
        (("Cookie", "a=cookie-1234; b=short"), ("Authorization", "Bearer bearer-1234")),
    )
    headers = (("Set-Cookie", "c=fresh-1234; path=/"), ("Location", "/x?ticket=ticket-12"))
    assert set(tokens([Heard(1, request, Reply(302, headers, page.encode()))])) == {
        "state-1234", "secret-1234", "event-123", "cookie-1234", "bearer-1234", "fresh-1234",
        "ticket-12", "url-12345",
    }  # fmt: skip
