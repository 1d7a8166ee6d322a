"""Every way in which the portal can fail or be in the way, with its sentence.

What is counted is counted from 1 over the portal's life, whoever asks; where it is a number of
requests or rows, 0 is never.  A request counts for a fault once nothing before has answered it:
blocked, down, rate-limit and maintenance come first, then the session, then the other faults.
Seconds are those of the portal's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harvester.sandbox.variants import switch


@dataclass(frozen=True)
class WayIn:
    """What a sign-in may meet."""

    wrong_password: bool = switch(
        default=False, says="Every password is refused, as after a change of it."
    )
    lock_after: int = switch(5, "How many wrong passwords in a row lock a user.")
    locked: bool = switch(default=False, says="Every user is locked from the start.")
    lock_seconds: int = switch(
        0, "How long a lock lasts, which its words then tell in minutes; 0 is for good."
    )
    captcha: bool = switch(default=False, says="Every sign-in is stopped by a captcha.")
    captcha_after: int = switch(
        0, "How many passwords within 24 hours, right or wrong, bring a captcha before the next."
    )
    mfa: Literal["off", "message", "app"] = switch(
        "off",
        "Whether a code is asked for after the password: 246810, sent by text message, or that of "
        "an authenticator with the secret JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP.",
    )
    mfa_seconds: int = switch(
        300, "How long after the password a code is taken; later it has expired."
    )
    password_expired: bool = switch(
        default=False, says="A sign-in leads to a page that wants a new password."
    )
    terms: bool = switch(default=False, says="A sign-in leads to terms that want accepting.")
    contact_info: bool = switch(
        default=False, says="A sign-in leads to contact information that wants confirming."
    )
    foreign_redirect: bool = switch(
        default=False, says="A sign-in leads to a host of somebody else."
    )


@dataclass(frozen=True)
class Outages:
    """What any request may meet."""

    blocked: int = switch(0, "From which request on each is answered by HTTP 403 and a short page.")
    down: int = switch(
        0, "How many requests are answered by HTTP 503, as of a stopped server; then none is."
    )
    rate_limit: int = switch(
        0,
        "Which signed-in request is answered by HTTP 429 and Retry-After, as is all else while the "
        "limit lasts.",
    )
    rate_limit_seconds: int = switch(60, "How long the rate limit lasts once it is reached.")
    maintenance: bool = switch(
        default=False, says="Every page says with status 200 that the portal is being maintained."
    )
    maintenance_from: int = switch(
        0, "From which request on the maintenance is; 0 is from the start."
    )
    maintenance_requests: int = switch(
        0, "How many requests the maintenance answers before it ends; 0 is for good."
    )
    error_500: int = switch(
        0, "Every Nth signed-in page or feed request answers HTTP 500 and an error page."
    )
    error_500_requests: int = switch(
        0, "How many requests error-500 spoils before it ends; 0 is for good."
    )
    error_200: int = switch(
        0, "Every Nth signed-in page or feed request answers the error page as HTTP 200."
    )
    slow: int = switch(0, "How many milliseconds longer an answer takes.")
    slow_from: int = switch(0, "From which request on the portal is slow; 0 is from the start.")
    reset_answer: int = switch(
        0, "In which signed-in page or feed the connection is reset, halfway through the answer."
    )
    expire_after: int = switch(0, "How many signed-in requests every session lasts.")
    expire_at_pdf: int = switch(0, "Which PDF request finds its session ended.")
    expire_at_interval: int = switch(0, "Which interval request finds its session ended.")
    foreign_redirect_at: int = switch(
        0, "From which signed-in page on each leads to a host of somebody else."
    )
    moved_base: Literal["off", "gone", "redirect"] = switch(
        "off",
        "The portal is at its other base; below the old one is nothing, or a redirect to the new.",
    )
    redesign: Literal[
        "off", "all", "sign-in", "tables", "feeds",
        "ids", "labels", "columns", "link", "iframe", "wrapper", "language", "decoy", "two-pages",
        "facts",
    ] = switch(
        "off",
        "What is no longer what it was: ids, labels and addresses of everything (a bare name), of "
        "the sign-in form, the tables or the feeds; or one thing: the ids of fields and tables; "
        "the sign-in labels, where the fields have no ids any more; the table of bills, under "
        "another id and with its columns in another order; a link in place of the sign-in button; "
        "the sign-in fields, called otherwise in an iframe; the tables' ids, on wrappers of them "
        "now; the sign-in form, in Spanish; a decoy that looks like it, beside it; a password that "
        "is asked for on a second page; or the words beside the account's facts.",
    )  # fmt: skip


@dataclass(frozen=True)
class Accounts:
    """What may be wrong with the list of accounts."""

    no_accounts: bool = switch(default=False, says="No account is linked to any sign-in.")
    closed_account: int = switch(0, "Which account of a list, counted from the top, does not open.")
    vanishing_account: int = switch(
        0, "Which account of a list is no longer there, nor opens, once a sign-in saw the list."
    )


@dataclass(frozen=True)
class Documents:
    """What may be wrong with the bills."""

    zero_bills: bool = switch(default=False, says="The billing history of every account is empty.")
    missing_bill: int = switch(
        0, "Which row of a billing history, counted from the newest, is not listed."
    )
    duplicate_bill: int = switch(0, "Which row of a billing history is listed twice.")
    reissued_bill: bool = switch(
        default=False,
        says="The newest bill of each account is replaced by one of the same period and day with a "
        "credit on it, and so is its row in the ledger.",
    )
    pending_pdf: int = switch(
        0, "Which row of a billing history has no PDF yet, but a page that says so."
    )
    html_pdf: int = switch(0, "Which PDF request answers HTML.")
    truncated_pdf: int = switch(0, "Which PDF request answers half a file.")
    reset_pdf: int = switch(0, "In which PDF the connection is reset, halfway through the file.")
    wrong_pdf: int = switch(0, "Which PDF request answers another account's bill.")
    repeated_pdf: int = switch(0, "Which PDF request answers the bill of the request before it.")
    popup_blocked: bool = switch(
        default=False,
        says="Bills that open in a tab do not: window.open gives null, and it says so.",
    )
    stale_modal: int = switch(
        0,
        "Which page of billing, history or usage is covered by a dialog about another bill, of "
        "another account where there is one; the next page is not.",
    )


@dataclass(frozen=True)
class Feeds:
    """What may be wrong with days, hours and the ledger."""

    duplicate_rows: int = switch(0, "Every Nth row of each feed's answer comes twice.")
    truncated_feed: int = switch(0, "Which feed request answers half its JSON.")
    error_object: int = switch(
        0, "Every Nth feed request answers no rows but an error in its error object."
    )
