"""The billing history as rows, and whether a document is the bill that it should be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pypdfium2  # type: ignore[import-untyped]

from harvester import printed
from harvester.errors import BadData, State
from harvester.extract.document import statement, values, words
from harvester.extract.rows import Rows, Setting
from harvester.layout import Layout
from harvester.model import Artifact, Bill, Finding
from harvester.profile import Profile


def listed(artifact: Artifact, setting: Setting) -> Rows:
    """Return the bills of a billing history, newest first, as the portal lists them."""
    walked = setting.profile.walk.bills
    told = _walked(artifact) if walked else _table(artifact, setting)
    rows = Rows()
    for row in told:
        bill = printed.bill(artifact.account, row, walked.dates if walked else printed.US_DATE)
        if bill is None:
            rows.findings.append(
                Finding(
                    artifact.account,
                    "unreadable-row",
                    row["billing_date"],
                    "A row of the billing history has no date or amount that can be read.",
                )
            )
        elif bill not in rows.bills:
            rows.bills.append(bill)
        else:
            message = "The billing history lists this bill twice; it is kept once."
            rows.findings.append(Finding(artifact.account, "listed-twice", bill.key, message))
    return rows


def _table(artifact: Artifact, setting: Setting) -> Iterable[Mapping[str, str]]:
    table = printed.table(artifact.content.decode(errors="replace"), setting.profile.columns)
    if table is None:
        raise BadData(State.UNREADABLE, "The billing history has other columns than the profile.")
    return table.values()


def _walked(artifact: Artifact) -> Iterable[Mapping[str, str]]:
    """Return the rows of a history that was walked row by row, each as its cells by name."""
    try:
        return [{str(k): str(v) for k, v in row.items()} | {"billing_date": row["billing_date"],
                "amount": row["amount"]} for row in json.loads(artifact.content)]  # fmt: skip
    except (ValueError, KeyError, AttributeError, TypeError):
        raise BadData(
            State.UNREADABLE, "What came home as billing history is not what it should be."
        ) from None


def document(artifact: Artifact, setting: Setting) -> Rows:
    """Judge a document by its bytes and by its text, which must name account, date and amount."""
    if setting.bill is None:
        raise BadData(State.UNREADABLE, "A document that belongs to no listed bill.")
    content, bill = artifact.content, setting.bill
    if b"%PDF-" not in content[:1024] or b"%%EOF" not in content[-2048:]:
        why = "What came for this bill is no whole PDF; it is asked for again."
        return _refused(State.NOT_A_PDF, bill, why)
    try:
        with words.opened(content) as pages:
            text = "\n".join(page.text.replace("\r", "") for page in pages)
            verdict, why = _judge(text, bill, setting.profile)
            if verdict is State.WRONG_DOCUMENT:  # unless PDFium read it out of order
                text = "\n".join(row.text for page in pages for row in page.rows)
                verdict, why = _judge(text, bill, setting.profile)
            if verdict is not State.OK:
                return _refused(verdict, bill, why)
            return _read(pages, text, bill, setting.profile.bills)
    except pypdfium2.PdfiumError:
        why = "The PDF of this bill does not open; it is asked for again."
        return _refused(State.NOT_A_PDF, bill, why)


def _refused(verdict: State, bill: Bill, why: str) -> Rows:
    rule = verdict.lower().replace("_", "-")
    return Rows(document=verdict, findings=[Finding(bill.account, rule, bill.key, why)])


def _read(pages: list[words.Page], text: str, bill: Bill, layouts: Sequence[Layout]) -> Rows:
    *known, generic = layouts
    layout = statement.recognized(text, known)
    said, ambiguous = statement.read(pages, bill.account, layout or generic)
    rows = Rows(document=State.OK, statement=said)
    if layout is None:
        why = "No known layout has this bill's marks: it was read by rules for bills in general."
        rows.findings.append(Finding(bill.account, "unknown-layout", bill.key, why))
    if ambiguous:
        why = f"The bill says in two ways: {', '.join(ambiguous)}; none of them is taken."
        rows.findings.append(Finding(bill.account, "ambiguous", bill.key, why))
    return rows


def _judge(text: str, bill: Bill, profile: Profile) -> tuple[State, str]:
    lacking = [what for what, found in _identity(text, bill, profile) if not found]
    if not text.strip():
        return State.UNREADABLE, "The PDF of this bill has no text to tell whose it is."
    if lacking:
        return (
            State.WRONG_DOCUMENT,
            f"The PDF does not name this bill's {' and '.join(lacking)}: it is kept apart.",
        )
    return State.OK, ""


def _identity(text: str, bill: Bill, profile: Profile) -> Iterator[tuple[str, bool]]:
    ways = [r"[\s-]?".join((re.escape(bill.account[:-3]), re.escape(bill.account[-3:])))]
    ways += [profile.walk.accounts.number] if profile.walk.accounts else []
    numbers = (m[0] for way in ways for m in re.finditer(rf"(?<!\d)(?:{way})(?!\d)", text))
    yield "account", any(printed.digits(number) == bill.account for number in numbers)
    dates = values.MATCH["date"].finditer(text)
    yield "billing date", any(values.day(said[0]) == bill.billing_date for said in dates)
    owed = abs(bill.amount)
    amounts = {f"{owed:,.2f}", f"{owed:.2f}"}
    found = set(re.findall(r"(?<![\d.,])\d[\d,]*\.\d\d(?!\d)", text))
    yield "amount", bool(amounts & found)
