"""Commands about sign-ins and profiles; none of them reaches the portal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from harvester import holds, members, profile, stops
from harvester.cli.common import settings_of
from harvester.cli.custody import said, vault_of
from harvester.convention import prove
from harvester.custody import sessions, totp
from harvester.custody.secret import Secret
from harvester.custody.vault import PASSWORD, TOTP
from harvester.errors import MEANINGS, State
from harvester.filing import Store
from harvester.members import Member
from harvester.model import Kind
from harvester.platforms import fit


def init(options: argparse.Namespace) -> int:
    """Make the home."""
    settings = settings_of(options)
    Store(settings.home)
    if options.json:
        print(json.dumps({"home": str(settings.home)}))
    else:
        print(f"Home: {settings.home}")
        print("Next: harvester member add NAME --profile caec --user USER")
        print("then: harvester authorize add NAME --own, if the accounts are your own")
        print("then: harvester backfill")
    return 0


def add(options: argparse.Namespace) -> int:
    """Add a sign-in."""
    settings = settings_of(options)
    fit(profile.load(options.profile, settings.profile_folders))
    member = Member(
        name=options.name,
        profile=options.profile,
        user=options.user,
        password_file=options.password_file.absolute() if options.password_file else None,
    )
    password = None if options.ask or options.password_file else _new_password()
    secret = _new_totp(member) if options.totp else None
    members.add(settings, member)
    vault = vault_of(settings, Store(settings.home))
    if password:
        vault.keep(member, PASSWORD, password)
    else:
        _tell_left(vault.forget(member, PASSWORD))
    if secret:
        vault.keep(member, TOTP, secret)
    holds.lift(settings.home, member.name)
    print(json.dumps({"added": member.name}) if options.json else f"Added {member.name}.")
    return 0


def _new_password() -> Secret:
    return said(
        "Password at the portal: ",
        "No password was given; give it at the prompt, or name a 0600 file with --password-file,"
        " or --ask for it at every run.",
    )


def _new_totp(member: Member) -> Secret:
    """Ask for a TOTP secret, and refuse one that gives no code."""
    secret = said(
        "TOTP secret (base32, or an otpauth:// address): ",
        "No TOTP secret was given; give it at the prompt, or as one more line of the pipe.",
    )
    totp.code(secret, member.name, datetime.now(UTC))
    return secret


def _tell_left(left: Collection[str]) -> None:
    """Say where copies of secrets are left that are not ours to remove."""
    for place in left:
        print(f"{place} is not ours to remove, and is left.", file=sys.stderr)


def show(options: argparse.Namespace) -> int:
    """List the sign-ins."""
    found = members.every(settings_of(options))
    if options.json:
        print(json.dumps([{"name": m.name, "profile": m.profile} for m in found]))
    for member in () if options.json else found:
        print(f"{member.name}  {member.profile}")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Forget a sign-in."""
    settings = settings_of(options)
    member = members.load(settings, options.name)
    vault = vault_of(settings, Store(settings.home))
    for kind in (PASSWORD, TOTP):
        _tell_left(vault.forget(member, kind))
    sessions.drop(settings.home, member)
    members.remove(settings, member.name)
    print(json.dumps({"removed": options.name}) if options.json else f"Removed {options.name}.")
    return 0


def check(options: argparse.Namespace) -> int:
    """Check profiles, perhaps against what came home."""
    if options.live:
        from harvester.cli import drift

        return drift.check(options)
    folders = settings_of(options).profile_folders
    names = options.profiles or profile.names(folders)
    if options.convention:
        return _conventions(options, names)
    for name in names:
        found = profile.load(name, folders)
        fit(found)
        if not options.json:
            print(f"{name}: {found.name}, {found.origins[0]}{found.base}, is sound")
    if options.json:
        print(json.dumps({"sound": names}))
    return 0


def stop(options: argparse.Namespace) -> int:
    """Stop a utility, or lift its stop."""
    settings = settings_of(options)
    if options.profile not in profile.names(settings.profile_folders):  # a broken one may be
        profile.load(options.profile, settings.profile_folders)
    store, now = Store(settings.home), datetime.now(UTC)
    if options.lift:
        was = stops.lift(store.home, options.profile)
        said = f"{options.profile} is {'no longer' if was else 'not'} stopped."
    else:
        stops.stop(store.home, options.profile, options.reason, now)
        said = f"{options.profile} is stopped: nothing is asked of it until --lift."
    event = "utility.lifted" if options.lift else "utility.stopped"
    store.trail.append(event, now, profile=options.profile)
    print(json.dumps({"stopped": not options.lift}) if options.json else said)
    return 0


def _conventions(options: argparse.Namespace, names: Collection[str]) -> int:
    """Say of every account of these profiles how its hours are labelled; 11 if otherwise."""
    settings = settings_of(options)
    store = Store(settings.home)
    told, wrong = [], False
    for entry in store.catalog.accounts():
        if entry.profile not in names:
            continue
        found = profile.load(entry.profile, settings.profile_folders)
        answers = (
            replace(filed.artifact, content=store.archive.get(filed.sha))
            for filed in store.catalog.artifacts(entry.id)
            if filed.artifact.kind is Kind.INTERVAL
        )
        catalog = store.catalog
        totals, multipliers = catalog.day_totals(entry.id), catalog.multipliers(entry.id)
        proof = prove(found, answers, totals, multipliers)
        wrong |= proof.label not in {None, found.feed.hour_label}
        told.append(
            {
                "account": entry.number,
                "profile_says": found.feed.hour_label,
                "data_proves": proof.label,
                "days": proof.days,
                "agree": proof.agree,
            }
        )
        if not options.json:
            days = "; ".join(
                f"{label}: {proof.agree[label]} of {proof.days[label]} days agree"
                for label in proof.days
            )
            verdict = f"proves {proof.label}" if proof.label else "proves neither"
            print(
                f"{entry.member} …{entry.number[-3:]}: {days}. The data {verdict}; the profile"
                f" says {found.feed.hour_label}."
            )
    if options.json:
        print(json.dumps(told))
    elif not told:
        print("No hours have come home yet that could prove anything.")
    return MEANINGS[State.INVALID_PROFILE].exit_code if wrong else 0
