"""Which accounts a signed-in member's list holds, and which of them open."""

from __future__ import annotations

from harvester.sandbox.nouns import Account
from harvester.sandbox.session import Session
from harvester.sandbox.site import Site


def listed(site: Site, session: Session) -> tuple[Account, ...]:
    """Return the accounts of the list as it is now."""
    if site.switches.no_accounts:
        return ()
    accounts = session.sign_in.accounts
    gone = site.switches.vanishing_account if site.tally[_seen(session)] else 0
    return tuple(account for n, account in enumerate(accounts, 1) if n != gone)


def saw(site: Site, session: Session) -> None:
    """Take down that the list has been shown."""
    site.tally[_seen(session)] += 1


def opened(site: Site, session: Session, number: str) -> Account | None:
    """Return the account of a ten-digit number if it is listed and opens."""
    account = session.sign_in.account(number)
    if account is None or account not in listed(site, session):
        return None
    place = session.sign_in.accounts.index(account) + 1
    return None if place == site.switches.closed_account else account


def settle(site: Site, session: Session) -> bool:
    """Have an account selected that opens; tell whether there is one."""
    numbers = [session.account.number, *(account.number for account in listed(site, session))]
    first = next((account for n in numbers if (account := opened(site, session, n))), None)
    session.account = first or session.account
    return first is not None


def _seen(session: Session) -> str:
    return f"list of {session.sign_in.user}"
