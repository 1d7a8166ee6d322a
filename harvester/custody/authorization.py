"""What a permission holds: who grants what, of which accounts, for how long, and how it ended."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from harvester.errors import Misconfigured, State
from harvester.model import Kind

ID = re.compile(r"[b-df-hj-np-tv-z]{4}-[b-df-hj-np-tv-z]{4}")
"""Letters only, as five digits in a row could be part of an account number; no words."""
LETTERS = "bcdfghjkmnpqrstvwxz"

OWN = (
    "I hold every account that the sign-in {member} shows at {utility}, or have its holder's leave,"
    " and let this program read it for me."
)
"""What a member attests who has their own accounts harvested."""

_DAYS = re.compile(r"\b(19|20)\d\d[-/](\d\d[-/]\d\d|(19|20)\d\d)\b")
_MAIL = re.compile(r"@|\(at\)", re.IGNORECASE)
_PHONE = re.compile(r"\d(?:[^\w,;]{0,3}\d){6}")
_TAIL = re.compile(
    r"\b(?:ssn|security|card|ending|ends|digits|last (?:four|4))\b\D{0,20}\d", re.IGNORECASE
)
_NUMBER = re.compile(r"(?!(?:19|20)\d\d(?!\d))(?<!\d)\d{4,}")


class Scope(StrEnum):
    """A kind of information that can be permitted by itself."""

    ACCOUNT = "account"
    BILLS = "bills"
    PAYMENTS = "payments"
    INTERVALS = "intervals"
    NOTES = "notes"


SCOPES: Mapping[Kind, Scope] = {
    Kind.ACCOUNT: Scope.ACCOUNT,
    Kind.BILL_LIST: Scope.BILLS,
    Kind.BILL_PDF: Scope.BILLS,
    Kind.LEDGER: Scope.PAYMENTS,
    Kind.DAILY: Scope.INTERVALS,
    Kind.INTERVAL: Scope.INTERVALS,
    Kind.GREEN_BUTTON: Scope.INTERVALS,
    Kind.GRAPH: Scope.INTERVALS,
    Kind.NOTES: Scope.NOTES,
}
"""The permission that an artifact of each kind needs."""


def _plain(text: str) -> str:
    """Refuse contact data; no message shows the text, as it is what must not be shown."""
    if not text.isprintable() or text != text.strip():
        message = "is to be one line of text without spaces around it"
        raise ValueError(message)
    bare = _DAYS.sub("", text)
    if any(pattern.search(bare) for pattern in (_MAIL, _PHONE, _TAIL, _NUMBER)):
        message = "looks as if it held contact data or an account, card or social security number"
        raise ValueError(message)
    return text


def _number(text: str) -> str:
    bare = re.sub(r"[\s.-]", "", text)
    contact = re.fullmatch(r"\(\d{3}\).*|\d{3}-\d\d-\d{4}|\d{3}[-. ]\d{3}[-. ]\d{4}", text.strip())
    if contact or not re.fullmatch(r"[0-9]{4,20}", bare):
        message = "is to be an account number as the bill prints it, 4 to 20 digits"
        raise ValueError(message)
    return bare


M = TypeVar("M", bound=BaseModel)
Plain = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Number = Annotated[str, AfterValidator(_number)]
Sha = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Terms(BaseModel):
    """What is permitted, as the letter says it and the account holder signs it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    member: str
    """The sign-in it is for, by its name."""
    profile: str
    grantor: Plain
    role: Plain
    accounts: tuple[Number, ...] | None = Field(default=None, min_length=1)
    """None is every account of the sign-in."""
    scopes: tuple[Scope, ...] = Field(default=tuple(Scope), min_length=1)
    history_from: date | None = None
    """The oldest local day that may be asked for; None is all that the portal shows."""
    once: bool = False
    """Whether one finished run uses it up."""
    effective_from: AwareDatetime
    expires_at: AwareDatetime | None = None
    """The first moment at which it no longer holds; None is until it is revoked."""
    grantee: Plain | None = None
    purpose: Plain | None = None
    retention_days: Annotated[int, Field(ge=1)] | None = None
    """How long what was retrieved is kept; None is until somebody asks to forget it."""
    runs_a_day: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Terms:
        if self.expires_at and self.expires_at <= self.effective_from:
            message = "it would end before it begins"
            raise ValueError(message)
        return self

    @property
    def last_day(self) -> date | None:
        """The last local day on which it holds; None where it ends otherwise."""
        return (self.expires_at - timedelta(microseconds=1)).date() if self.expires_at else None

    def covers(self, number: str, scope: Scope) -> bool:
        """Tell whether this of that account is permitted while it is in force."""
        return scope in self.scopes and (self.accounts is None or number in self.accounts)


class Authorization(Terms):
    """One permission: terms that a document or the member's own word stands for, and its end."""

    granted_at: AwareDatetime
    document: Sha | None = None
    """Of the signed document."""
    attestation: str | None = None
    """The sentence by which a member permits the harvest of their own accounts."""
    revoked_at: AwareDatetime | None = None
    reason: Plain | None = None
    used_at: AwareDatetime | None = None
    """When a run used up what was for once."""

    @model_validator(mode="after")
    def _granted(self) -> Authorization:
        if (self.document is None) == (self.attestation is None):
            message = "it has either a signed document or a member's own word"
            raise ValueError(message)
        if (self.revoked_at is None) != (self.reason is None):
            message = "what is revoked has a reason"
            raise ValueError(message)
        return self

    def standing(self, at: datetime) -> tuple[State, datetime]:
        """Return whether it is in force (OK), not yet (PENDING) or no longer, and since when.

        What was revoked or used up stays so, whatever the clock says.
        """
        if self.revoked_at:
            return State.AUTHORIZATION_REVOKED, self.revoked_at
        if self.used_at:
            return State.AUTHORIZATION_EXPIRED, self.used_at
        if self.expires_at and self.expires_at <= at:
            return State.AUTHORIZATION_EXPIRED, self.expires_at
        begun = self.effective_from <= at
        return State.OK if begun else State.PENDING, self.effective_from

    def words(self, at: datetime) -> str:
        """Return how it stands, for a person, by the local days of the utility."""
        state, since = self.standing(at)
        if state is State.OK:
            return "in force"
        if state is State.PENDING:
            return f"in force from {since:%Y-%m-%d} on"
        if state is State.AUTHORIZATION_REVOKED:
            return f"revoked on {since:%Y-%m-%d}"
        if self.used_at:
            return f"used up on {since:%Y-%m-%d}"
        return f"expired after {self.last_day}"

    def was_in_force(self, at: datetime) -> bool:
        """Tell whether it permitted anything at that time, by what is known now."""
        ends = [end for end in (self.expires_at, self.revoked_at, self.used_at) if end]
        return self.effective_from <= at and all(at <= end for end in ends)


def new_id() -> str:
    """Return an id that no authorization has."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def made(kind: type[M], told: Mapping[str, object]) -> M:
    """Make terms or a record; Misconfigured names the first field that is wrong, not its value."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = next((part for part in first["loc"] if isinstance(part, str)), "authorization")
        said = first["msg"].removeprefix("Value error, ")
        raise Misconfigured(
            State.INVALID_AUTHORIZATION,
            f"{where.replace('_', ' ').capitalize()}: {said}; nothing was recorded.",
        ) from None


def own(member: str, profile: str, utility: str, at: datetime, **limits: object) -> Authorization:
    """Make the record of a member who harvests their own accounts, in force from then on.

    `utility` is its name in words; `limits` are fields of `Terms`.  Raises Misconfigured.
    """
    told: dict[str, object] = {
        "id": new_id(),
        "member": member,
        "profile": profile,
        "grantor": "the member",
        "role": "account holder",
        "grantee": "the member",
        "purpose": "own records",
        "effective_from": at,
        "granted_at": at,
        "attestation": OWN.format(member=member, utility=utility),
    }
    return made(Authorization, told | limits)
