"""Who an account is, as ESPI customer data of its own file: only for whoever asks for it."""

from __future__ import annotations

from pathlib import Path

from harvester.errors import State
from harvester.export.files import whole_file
from harvester.export.greenbutton_account import Leaving
from harvester.export.greenbutton_feed import ROOT, Feed, Place, Stamps, feed
from harvester.export.greenbutton_summary import Fields
from harvester.filing import Store
from harvester.greenbutton.reader import CUSTOMER
from harvester.store.bills import Document
from harvester.store.database import epoch


def customer_file(store: Store, account: Leaving, out: Path) -> list[Path]:
    """Write `customer-1a2b3c4d.xml`, and the bills' documents beside it; return the files.

    The number, the address and the meters are in it as far as they are known; names, telephone
    numbers and e-mail addresses never are, because none is kept.
    """
    file = out / f"customer-{account.mark}.xml"
    files = [file]
    with feed(file, CUSTOMER, account.id("customers"), "Customer", account.updated) as written:
        location = _account(written, account)
        for meter in sorted({channel.meter for channel in account.channels} - {""}):
            place = Place(f"{location.href}/EndDevice", account.id("meter", meter))
            _put(written, account, place, "Meter", [("serialNumber", meter)])
        for document in account.documents:
            if document.state is State.OK and document.sha:
                files.append(_document(store, account, document, out))
                _statement(written, account, document, files[-1].relative_to(out))
    return files


def _account(written: Feed, account: Leaving) -> Place:
    """Write the customer down to the service location, and return where that is."""
    customer = Place(f"{ROOT}/Customer", account.id("customer"))
    own = Place(f"{customer.href}/CustomerAccount", account.id("customer-account"))
    agreement = Place(f"{own.href}/CustomerAgreement", account.id("agreement"))
    location = Place(f"{agreement.href}/ServiceLocation", account.id("location"))
    _put(written, account, customer, "Customer", [], own.collection, _statements(account))
    number: Fields = [("accountId", account.entry.number)]
    _put(written, account, own, "CustomerAccount", number, agreement.collection)
    _put(written, account, agreement, "CustomerAgreement", [], location.collection)
    address = account.facts.service_address
    street: Fields = [("streetDetail", [("addressGeneral", address)])]
    points: Fields = [("UsagePoints", [("UsagePoint", account.usage_point.href)])]
    told: Fields = [("mainAddress", street if address else None), *points]
    _put(written, account, location, "ServiceLocation", told, f"{location.href}/EndDevice")
    return location


def _statements(account: Leaving) -> str:
    return f"{ROOT}/Customer/{account.id('customer')}/Statement"


def _put(
    written: Feed, account: Leaving, place: Place, kind: str, told: Fields, *related: str
) -> None:
    stamps = account.stamps(account.since)
    entry, made = written.entry(place, kind, kind, stamps, related=related)
    written.fill(made, told)
    written.put(entry)


def _statement(written: Feed, account: Leaving, document: Document, file: Path) -> None:
    """Write the entry of a bill's document, whose address is relative to this file's."""
    day = document.bill.billing_date
    place = Place(_statements(account), account.id("statement", document.bill.key))
    told = document.retrieved_at or account.updated
    stamps = Stamps(min(account.midnight(day), told), told)
    entry, made = written.entry(place, "Statement", f"Bill of {day}", stamps)
    reference: Fields = [("fileName", file.name), ("mediaType", "application/pdf")]
    reference.append(("statementURL", file.as_posix()))
    issued = epoch(account.midnight(day))
    written.fill(made, [("issueDateTime", issued), ("statementRef", reference)])
    written.put(entry)


def _document(store: Store, account: Leaving, document: Document, out: Path) -> Path:
    name = f"{document.bill.billing_date}-{document.sha[:8]}.pdf"
    file = out / f"bills-{account.mark}" / name
    with whole_file(file) as copy:
        copy.write(store.archive.get(document.sha))
    return file
