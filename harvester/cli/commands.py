"""What every command is called and takes, in the order in which it is listed."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

Make = Callable[..., Any]
"""Adds a command or a group of commands and returns it."""


def every(command: Make, group: Make) -> None:
    """Add all commands."""
    _members(command, group)
    _custody(command)
    _harvests(command)
    _lookups(command, group)
    _audit(command, group)
    _consent(command, group)
    _sandbox(command, group)
    _green_button(command, group)
    _tapes(command)
    _graph(command, group)
    _drift(command)
    _profiles(command, group)
    _store(command, group)
    _workers(command)
    _nights(command, group)


def _members(command: Make, group: Make) -> None:
    command("init", "make the home folder and say what to do next", "members.init")
    members = group("member", "say whose accounts are harvested")
    add = command("add", "add a sign-in, or give it a new password", "members.add", members)
    add.add_argument("name", help="a name of your choice, such as house")
    add.add_argument("--profile", required=True, help="the utility, such as caec")
    add.add_argument("--user", required=True, help="user ID at the portal")
    source = add.add_mutually_exclusive_group()
    source.add_argument("--password-file", type=Path, help="a 0600 file that holds the password")
    source.add_argument("--ask", action="store_true", help="keep none: ask for it at every run")
    add.add_argument("--totp", action="store_true", help="ask for the secret of one-time codes too")
    command("list", "list the sign-ins", "members.show", members)
    remove = command(
        "remove", "forget a sign-in; what it brought home stays", "members.remove", members
    )
    remove.add_argument("name")


def _custody(command: Make) -> None:
    code = command("code", "hand in the code that a sign-in waits for", "custody.code")
    code.add_argument("name", metavar="MEMBER", help="the sign-in that it is for")


def _harvests(command: Make) -> None:
    run = command(
        "run", "fetch what is new, and the days that may still be revised", "harvests.run"
    )
    backfill = command("backfill", "fetch everything the portal still shows", "harvests.backfill")
    backfill.add_argument("--months", type=int, default=24, help="how far back (default 24)")
    for made in (run, backfill):
        made.add_argument("members", nargs="*", help="sign-ins by name (default all)")
    sign_in = command(
        "sign-in",
        "try whether a sign-in works again, after a person has acted; fetch nothing",
        "harvests.sign_in",
    )
    sign_in.add_argument("members", nargs=1, metavar="NAME", help="a sign-in by name")
    demo = command(
        "demo", "harvest four simulated members from the embedded portal", "harvests.demo"
    )
    for made in (demo, run, backfill, sign_in):
        made.add_argument("--headed", action="store_true", help="show the browser at work")
    stop = command("stop", "ask nothing of a utility's portal until this is lifted", "members.stop")
    stop.add_argument("profile", help="the utility, such as caec")
    how = stop.add_mutually_exclusive_group(required=True)
    how.add_argument("--reason", help="why, for whoever reads it later")
    how.add_argument("--lift", action="store_true", help="end the stop")
    command("reprocess", "read the whole archive again, without the portal", "harvests.reprocess")


def _lookups(command: Make, group: Make) -> None:
    command("status", "show what the home has, what is missing, and who must act", "lookup.status")
    whose = "an account by its number, its last digits, or its sign-in"
    findings = command(
        "findings", "list what is wrong, since when, how sure, who can mend it", "lookup.findings"
    )
    findings.add_argument("account", nargs="?", help=f"{whose} (default all)")
    shows = group("show", "show one bill or one day: where it came from, what was checked")
    bill = command("bill", "show a bill", "lookup.bill", shows)
    bill.add_argument("account", help=whose)
    bill.add_argument("date", nargs="?", type=date.fromisoformat, help="its day (default newest)")
    day = command("day", "show a local day, hour by hour", "lookup.day", shows)
    day.add_argument("account", help=whose)
    day.add_argument("day", type=date.fromisoformat, help="YYYY-MM-DD")
    day.add_argument("--estimate", action="store_true", help="estimate missing hours beside them")
    check = command("check", "check profiles, without the portal", "members.check")
    check.add_argument("profiles", nargs="*", help="profiles by name (default all)")
    check.add_argument(
        "--convention",
        action="store_true",
        help="prove from what came home whether hours are labelled by their beginning or end",
    )
    check.add_argument(
        "--live", action="store_true", help="look on the portal's own pages; names are sign-ins"
    )
    rates = group("rates", "look at what electricity costs, published and billed")
    compare = command(
        "compare",
        "tell what an account would have paid on each schedule",
        "rates.compare_account",
        rates,
    )
    compare.add_argument("account", help=whose)
    prices = command("show", "show published prices beside those of the bills", "rates.show", rates)
    prices.add_argument("profile", nargs="?", help="the utility (default all with known rates)")


def _audit(command: Make, group: Make) -> None:
    audit = group("audit", "show and prove what was done")
    show = command("show", "show the trail of what was done, oldest first", "audit.show", audit)
    show.add_argument("--last", type=_count, metavar="N", help="only the last N entries")
    show.add_argument("--member", metavar="NAME", help="only of runs of this sign-in")
    show.add_argument("--run", type=int, metavar="N", help="only of this run")
    checkpoint = command(
        "checkpoint", "sign the trail as it is now, to publish that elsewhere", "audit.sign", audit
    )
    checkpoint.add_argument("--out", type=Path, metavar="FILE", help="write it there")
    verify = command(
        "verify", "check the trail, also against every checkpoint kept", "audit.verify", audit
    )
    verify.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="one that was published, to check as well"
    )


def _consent(command: Make, group: Make) -> None:
    authorize = group("authorize", "say who permits what; without that nobody is signed in")
    add = command("add", "record a permission", "consent.add", authorize)
    letter = command(
        "letter", "write what an account holder signs for the utility", "consent.letter", authorize
    )
    who = add.add_mutually_exclusive_group(required=True)
    who.add_argument("--own", action="store_true", help="attest that the accounts are your own")
    who.add_argument("--letter", metavar="ID", help="as the letter says that came back signed")
    who.add_argument("--grantor", metavar="NAME", help="who signed the document")
    add.add_argument("--document", type=Path, metavar="FILE", help="the signed document, a PDF")
    letter.add_argument("--grantor", required=True, metavar="NAME", help="who is to sign")
    letter.add_argument("--out", required=True, type=Path, metavar="FILE", help="where it goes")
    for made in (add, letter):
        asked = made is letter
        made.add_argument("member", help="the sign-in, by its name")
        made.add_argument("--role", required=asked, help="what they are, such as 'account holder'")
        made.add_argument("--grantee", required=asked, help="who may have the information")
        made.add_argument("--purpose", required=asked, help="what it is for")
        _limits(made)
    command("list", "list who permits what, until when", "consent.show", authorize)
    revoke = command("revoke", "end a permission, even in mid-run", "consent.revoke", authorize)
    revoke.add_argument("id", help="as `authorize list` shows it")
    revoke.add_argument("--reason", required=True, help="why, for whoever reads it later")
    forget = command("forget", "delete what was kept longer than agreed", "forget.forget")
    forget.add_argument("account", help="its number, its last digits, or its sign-in")
    forget.add_argument("--everything", action="store_true", help="all there is of the account")
    forget.add_argument("--yes", action="store_true", help="do not ask before deleting")


def _limits(made: argparse.ArgumentParser) -> None:
    """Take what a permission is limited to."""
    made.add_argument(
        "--account", nargs="+", action="extend", metavar="N", help="only these (default all)"
    )
    made.add_argument(
        "--scope",
        nargs="+",
        action="extend",
        choices=("account", "bills", "payments", "intervals", "notes"),
        help="only these (default all)",
    )
    day = date.fromisoformat
    made.add_argument("--history-from", type=day, metavar="DAY", help="nothing older than this day")
    made.add_argument("--effective-from", type=day, metavar="DAY", help="its first day")
    end = made.add_mutually_exclusive_group()
    end.add_argument("--expires", type=day, metavar="DAY", help="its last day (default none)")
    end.add_argument("--once", action="store_true", help="for one run only")
    made.add_argument("--retention-days", type=_count, metavar="N", help="how long it is kept")
    made.add_argument("--runs-a-day", type=_count, metavar="N", help="how often at most")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("it is a number from 1 up")
    return count


def _drift(command: Make) -> None:
    repair = command(
        "repair", "propose what to correct in a profile whose portal changed", "drift.repair"
    )
    repair.add_argument("profile", help="the utility, such as caec")
    repair.add_argument(
        "--from",
        required=True,
        dest="evidence",
        type=Path,
        metavar="EVIDENCE",
        help="the folder that the run named which found the change",
    )
    repair.add_argument("--yes", action="store_true", help="do not ask before writing")


def _sandbox(command: Make, group: Make) -> None:
    sandbox = group("sandbox", "use the embedded simulated portal")
    serve = command("serve", "serve it on loopback until stopped", "sandbox.serve", sandbox)
    serve.add_argument(
        "--portal", choices=("oscp", "canvas", "forms"), default="oscp",
        help="the vendor's (default), or an example of the profile example-canvas or example-forms",
    )  # fmt: skip
    serve.add_argument(
        "--port", type=int, help="0 takes any free one (default 8600, the examples' 8601 and 8602)"
    )
    serve.add_argument("--base", default="/onlineportal", help="/oscp or /onlineportal (default)")
    serve.add_argument("--latency-ms", type=int, default=0, help="delay of each answer")
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a variant or fault; a wrong name lists them all",
    )
    truth = command("truth", "print what it knows, as JSON", "sandbox.truth", sandbox)
    truth.add_argument("accounts", nargs="*", help="account numbers (default all)")
    for made in (serve, truth):
        made.add_argument("--seed", type=int, default=7, help="another world (default 7)")
        made.add_argument("--today", type=date.fromisoformat, help="the portal's day, YYYY-MM-DD")


def _green_button(command: Make, group: Make) -> None:
    from harvester.export import FORMATS

    export = command("export", "write what the home has for other programs", "export.export")
    export.add_argument("format", choices=sorted(FORMATS), help="greenbutton is ESPI XML")
    export.add_argument(
        "--account",
        action="append",
        metavar="ACCOUNT",
        help="by its number, its last digits, or its sign-in; may be repeated (default all)",
    )
    export.add_argument("--from", dest="start", type=date.fromisoformat, help="first day")
    export.add_argument("--to", dest="end", type=date.fromisoformat, help="last day")
    export.add_argument("--out", type=Path, default=Path(), help="a folder (default this one)")
    export.add_argument(
        "--as-of", type=int, metavar="RUN", help="as it was told when this run had ended"
    )
    export.add_argument(
        "--customer",
        action="store_true",
        help="also write number, address and bills, in files of their own",
    )
    export.add_argument(
        "--push", metavar="URL", help="send new hours to this Home Assistant, in place of files"
    )
    validate = command("validate", "check a Green Button file of anyone's", "greenbutton.check")
    validate.add_argument("file", type=Path)
    validate.add_argument(
        "--schemas", type=Path, help="folder of the published ESPI schemas (HARVESTER_SCHEMAS)"
    )
    imports = group("import", "bring files from elsewhere into the home")
    taken = command("greenbutton", "import Green Button files", "greenbutton.bring", imports)
    taken.add_argument("files", nargs="+", type=Path, help="XML or ZIP; of one history together")
    taken.add_argument("--member", required=True, help="the sign-in whose history it is")


def _tapes(command: Make) -> None:
    record = command(
        "record", "record a harvest as a tape that anybody may have", "recording.record"
    )
    record.add_argument("member", help="a sign-in by name; with --sandbox a simulated user ID")
    record.add_argument("--as", dest="name", required=True, help="what the recording is called")
    record.add_argument("--days", type=_count, help="how far back (default 24 months)")
    record.add_argument(
        "--hide", type=Path, metavar="FILE", help="further words to hide, one a line"
    )
    record.add_argument(
        "--review", action="store_true", help="show what is left in free text, and ask"
    )
    record.add_argument("--sandbox", action="store_true", help="record the embedded portal")
    record.add_argument("--profile", default="caec", help="as whose portal (default caec)")
    record.add_argument("--today", type=date.fromisoformat, help="its day, YYYY-MM-DD")
    record.add_argument(
        "--fault", action="append", default=[], metavar="NAME[=VALUE]", help="its variant or fault"
    )
    replay = command("replay", "harvest recordings again, without any portal", "tapes.replay")
    replay.add_argument("names", nargs="*", help="recordings by name (default all)")
    replay.add_argument(
        "--update", action="store_true", help="take what came home for what must come home"
    )
    for made in (record, replay):
        made.add_argument("--folder", type=Path, help="of recordings (default the home's own)")


def _graph(command: Make, group: Make) -> None:
    graphs = group("graph", "read charts off pages")
    read = command(
        "read", "print the points of a page's chart, and what they were checked on",
        "graph.read", graphs,
    )  # fmt: skip
    read.add_argument("page", help="an http(s) address, or a saved page")
    read.add_argument("--csv", action="store_true", help="answer as CSV")
    read.add_argument("--zone", default="America/Chicago", help="the portal's (America/Chicago)")
    read.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD; refuse any other day")


def _profiles(command: Make, group: Make) -> None:
    profiles = group("profile", "make and prove the description of a portal")
    new = command("new", "make a profile by showing it the portal", "survey.new", profiles)
    new.add_argument("url", help="the page on which members sign in")
    test = command("test", "prove a profile against its portal", "profiles.test", profiles)
    test.add_argument("name", help="the profile")
    test.add_argument(
        "--member", metavar="NAME", help="sign in as this member, and walk every page (default no)"
    )
    test.add_argument("--headed", action="store_true", help="show the browser at work")


def _workers(command: Make) -> None:
    put = command("enqueue", "put harvests into the queue that workers share", "workers.enqueue")
    put.add_argument("members", nargs="*", help="sign-ins by name (default all)")
    how = put.add_mutually_exclusive_group()
    how.add_argument("--now", action="store_true", help="before all others: somebody waits")
    how.add_argument(
        "--backfill", action="store_true", help="all that the portal shows, after all others"
    )
    worker = command("worker", "do the harvests of the queue until stopped", "workers.work")
    worker.add_argument(
        "--side-by-side", type=_count, default=4, metavar="N", help="harvests at once (default 4)"
    )


def _nights(command: Make, group: Make) -> None:
    nights = command("schedule", "harvest everybody night after night", "night.schedule")
    nights.add_argument(
        "action",
        nargs="?",
        choices=("install", "remove", "show"),
        help="start due runs by a timer of this machine, end that, or show what comes"
        " (default: stay and harvest)",
    )
    nights.add_argument("--once", action="store_true", help="harvest who is due now, and end")
    nights.add_argument(
        "--port",
        type=int,
        default=8610,
        help="where /health and /metrics are served on 127.0.0.1; 0 takes any (default 8610)",
    )
    nights.add_argument(
        "--textfile", type=Path, metavar="FILE", help="write metrics there, for node_exporter"
    )
    told = group("notify", "say where people are told what needs them")
    add = command("add", "add a channel; its address is asked for", "notices.add", told)
    add.add_argument("--webhook", action="store_true", help="a signed webhook, not an Apprise URL")
    add.add_argument("--digest", action="store_true", help="send it a daily digest as well")
    command("list", "list the channels, and what waits for them", "notices.show", told)
    remove = command("remove", "forget a channel", "notices.remove", told)
    test = command("test", "send a test, and all that waited or was given up", "notices.test", told)
    for made in (add, remove, test):
        made.add_argument("name", help="a name of your choice, such as mail")


def _store(command: Make, group: Make) -> None:
    store = group("store", "say where rows, trail and files are kept")
    migrate = command("migrate", "move them, and prove that they are equal", "store.migrate", store)
    migrate.add_argument(
        "--to", metavar="DATABASE", help="postgresql://user@host/database, or sqlite (a file)"
    )
    migrate.add_argument("--schema", default="harvester", help="of this home (default harvester)")
    migrate.add_argument(
        "--archive", metavar="WHERE", help="where files go: a folder, or s3://bucket/prefix"
    )
