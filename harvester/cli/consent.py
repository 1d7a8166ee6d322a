"""Commands that record, show and end permissions, and write the letter to be signed for one."""

from __future__ import annotations

import argparse
import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2  # type: ignore[import-untyped]

from harvester import members, profile
from harvester.cli.common import settings_of, table, tell
from harvester.custody import consent
from harvester.custody.authorization import Authorization, Scope, Terms, made, new_id, own
from harvester.errors import Misconfigured, State
from harvester.filing import Store
from harvester.members import Member
from harvester.profile import Profile
from harvester.store.audit import Fact
from harvester.store.home import write_private

WHO = ("role", "grantee", "purpose")
LIMITS = (
    *("account", "scope", "history_from", "effective_from", "expires", "once"),
    *("retention_days", "runs_a_day"),
)


def add(options: argparse.Namespace) -> int:
    """Record a permission."""
    member, utility, now = _whose(options)
    _fitting(options)
    store = Store(settings_of(options).home)
    document = None if options.own else _document(options.document)
    if document is None:
        limits = _limits(options, utility)
        record = own(member.name, utility.id, utility.name, now, **limits)
    else:
        signed = (
            consent.drafted(store.home, member.name, options.letter)
            if options.letter
            else _terms(options, member, utility, now)
        )
        sha = hashlib.sha256(document).hexdigest()
        record = made(Authorization, signed.model_dump() | {"granted_at": now, "document": sha})
    consent.grant(store.home, record, document)
    store.trail.append("authorization.added", now, **_facts(record))
    if options.json:
        print(record.model_dump_json(exclude_none=True))
    else:
        if record.attestation:
            print(f"Attested and recorded: {record.attestation}")
        print(f"Authorization {record.id} of {member.name}: {record.words(now)}, {_until(record)}.")
    return 0


def _fitting(options: argparse.Namespace) -> None:
    """Refuse what does not go together, with what is to be given instead."""
    wrong = ""
    if options.own:
        if any(getattr(options, name) for name in ("document", *WHO)):
            wrong = "--own needs no --role, --document, --grantee or --purpose: leave them out"
    elif not options.document:
        wrong = "give the signed document with --document"
    elif options.letter:
        if any(getattr(options, name) for name in (*WHO, *LIMITS)):
            wrong = "the letter says it all: give only --letter and --document"
    elif not options.role:
        wrong = "say with --role what the grantor is, such as 'account holder'"
    if wrong:
        raise Misconfigured(State.INVALID_AUTHORIZATION, f"{wrong[0].upper()}{wrong[1:]}.")


def _terms(options: argparse.Namespace, member: Member, utility: Profile, now: datetime) -> Terms:
    """Return the terms that the command line gives."""
    told: dict[str, object] = {
        "id": new_id(),
        "member": member.name,
        "profile": utility.id,
        "grantor": options.grantor,
        "role": options.role,
        "effective_from": now,
        "grantee": options.grantee,
        "purpose": options.purpose,
    }
    return made(Terms, told | _limits(options, utility))


def _limits(options: argparse.Namespace, utility: Profile) -> dict[str, object]:
    """Return the limits that were given; days begin and end as the utility's do."""
    begins, last = options.effective_from, options.expires
    given = {
        "accounts": tuple(dict.fromkeys(options.account or ())),
        "scopes": tuple(scope for scope in Scope if scope in (options.scope or ())),
        "history_from": options.history_from,
        "once": options.once,
        "effective_from": begins and _midnight(begins, utility.zone),
        "expires_at": last and _midnight(last + timedelta(days=1), utility.zone),
        "retention_days": options.retention_days,
        "runs_a_day": options.runs_a_day,
    }
    return {name: limit for name, limit in given.items() if limit}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)


def _document(file: Path) -> bytes:
    """Return a signed document; a file that is no PDF is refused."""
    try:
        content = file.read_bytes()
        pypdfium2.PdfDocument(content).close()
    except OSError as error:
        why = error.strerror
    except pypdfium2.PdfiumError:
        why = "it is no PDF that opens"
    else:
        return content
    raise Misconfigured(
        State.INVALID_AUTHORIZATION, f"{file} cannot be taken ({why}): scan it again, as a PDF."
    )


def letter(options: argparse.Namespace) -> int:
    """Write a letter and keep its terms until it comes back signed."""
    from harvester.custody.letter import write

    member, utility, now = _whose(options)
    terms = _terms(options, member, utility, now)
    content = write(terms, utility.name, utility.phone, now.date())
    store = Store(settings_of(options).home)
    consent.draft(store.home, terms)
    out: Path = options.out
    try:
        write_private(out, content)
    except OSError as error:
        raise Misconfigured(
            State.INVALID_AUTHORIZATION,
            f"{out} cannot be written ({error.strerror}): name another file with --out.",
        ) from error
    store.trail.append("authorization.letter", now, **_facts(terms))
    if options.json:
        print(json.dumps({"id": terms.id, "file": str(out)}))
    else:
        print(f"Letter {terms.id} is in {out}. Once it is signed and the utility has it:")
        print(f"harvester authorize add {member.name} --letter {terms.id} --document SCAN.pdf")
    return 0


def show(options: argparse.Namespace) -> int:
    """List the permissions."""
    home, now = settings_of(options).home, datetime.now(UTC)
    found = sorted(consent.records(home), key=_order)
    if options.json:
        told = [
            {"file": str(one.file), "words": f"{one.why}, so it permits nothing"}
            if isinstance(one, consent.Unreadable)
            else one.model_dump(mode="json", exclude_none=True)
            | {"state": one.standing(now)[0], "words": _words(home, one, now)}
            for one in found
        ]
        print(json.dumps(told, indent=2))
        return 0
    shown = table("ID", "Member", "Granted by", "What", "Accounts", "Until", "State")
    for one in found:
        if isinstance(one, consent.Unreadable):
            said = f"{one.file.name} {one.why}, so it permits nothing"
            shown.add_row(one.file.stem, one.file.parent.name, "-", "-", "-", "-", said)
            continue
        shown.add_row(
            one.id,
            f"{one.member} ({one.profile})",
            f"{one.grantor}, {one.role}",
            ", ".join(one.scopes) if set(one.scopes) != set(Scope) else "everything",
            ", ".join(f"…{number[-3:]}" for number in one.accounts or ()) or "all",
            _until(one),
            _words(home, one, now),
        )
    tell(shown if found else "Nobody has permitted anything yet: `harvester authorize add`.")
    return 0


def _order(one: Authorization | consent.Unreadable) -> tuple[str, str]:
    """Return what sorts records by member and age; what cannot be read has none and is first."""
    if isinstance(one, consent.Unreadable):
        return one.file.parent.name, ""
    return one.member, one.granted_at.astimezone(UTC).isoformat()


def _words(home: Path, record: Authorization, now: datetime) -> str:
    lost = "" if consent.signed(home, record) else "; the copy of its document is not what it was"
    because = f" ({record.reason})" if record.reason else ""
    return f"{record.words(now)}{because}{lost}"


def _until(record: Authorization) -> str:
    if record.once:
        return "for one run"
    return f"until the end of {record.last_day}" if record.last_day else "until it is revoked"


def revoke(options: argparse.Namespace) -> int:
    """End a permission."""
    store, now = Store(settings_of(options).home), datetime.now(UTC).replace(microsecond=0)
    ended = consent.revoke(store.home, options.id, options.reason, now)
    store.trail.append("authorization.revoked", now, **_facts(ended))
    if options.json:
        print(ended.model_dump_json(exclude_none=True))
    else:
        print(f"Authorization {ended.id} of {ended.member} is revoked from now on.")
    return 0


def _whose(options: argparse.Namespace) -> tuple[Member, Profile, datetime]:
    settings = settings_of(options)
    member = members.load(settings, options.member)
    utility = profile.load(member.profile, settings.profile_folders)
    return member, utility, datetime.now(utility.zone).replace(microsecond=0)


def _facts(terms: Terms) -> dict[str, Fact]:
    told: dict[str, Fact] = {"authorization": terms.id, "member": terms.member}
    told |= {"profile": terms.profile, "scope": ".".join(terms.scopes)}
    if isinstance(terms, Authorization) and terms.document:
        told["document"] = terms.document
    return told
