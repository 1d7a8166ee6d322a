"""WebForms as the browser meets them: signed hidden fields, and the delta of a partial postback."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import quote

TOKEN = "__RequestVerificationToken"
_HEAD = b"\xff\x01\x0f"
"""How every view state begins; it is the /wEP of its base64."""
_NONCE, _MAC = 24, 32


class ForgedError(Exception):
    """The posted view state, event validation or token was not made here for this page."""


class Seal:
    """Makes and checks the hidden fields of one application.

    Equal names have equal keys: as with a machine key, a form outlives a restart.
    """

    def __init__(self, name: str, generator: str, *, validated: bool) -> None:
        self._key = hashlib.sha256(f"sandbox {name}".encode()).digest()
        self._generator = generator
        self._sealed = ("__VIEWSTATE", "__EVENTVALIDATION") if validated else ("__VIEWSTATE",)

    def _mac(self, purpose: str, data: bytes) -> bytes:
        return hmac.digest(self._key, purpose.encode() + b"\0" + data, hashlib.sha256)

    def _make(self, purpose: str) -> str:
        data = _HEAD + secrets.token_bytes(_NONCE)
        return base64.b64encode(data + self._mac(purpose, data)).decode()

    def _check(self, name: str, page: str, value: str) -> None:
        try:
            raw = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ForgedError(name) from None
        if not hmac.compare_digest(raw[-_MAC:], self._mac(name + page, raw[:-_MAC])):
            raise ForgedError(name)

    def token(self, cookie: str) -> str:
        """Return the token that goes into the forms of whoever holds the cookie."""
        return base64.urlsafe_b64encode(self._mac(TOKEN, cookie.encode())).decode()

    def ticket(self, user: str, at: float) -> str:
        """Return what proves that this user's password was right at a time, in seconds."""
        told = f"{float(at)} {user}".encode()
        return told.hex() + "." + self._mac("ticket", told).hex()

    def holder(self, ticket: str) -> tuple[str, float] | None:
        """Return the user and the time of a ticket, None where it is not one."""
        try:
            at, _, user = bytes.fromhex(ticket.partition(".")[0]).decode().partition(" ")
            own = self.ticket(user, float(at))
        except ValueError:
            return None
        return (user, float(at)) if hmac.compare_digest(own.encode(), ticket.encode()) else None

    def fields(self, page: str) -> dict[str, str]:
        """Return the hidden fields that only this page accepts back."""
        made = {name: self._make(name + page) for name in self._sealed}
        return made | {"__VIEWSTATEGENERATOR": self._generator}

    def verify(
        self, page: str, form: Mapping[str, object], cookie: str | None, *, state: bool = True
    ) -> None:
        """Raise ForgedError unless the form is of this page.

        `cookie` None asks for no token; without `state` the view state may be of another portal.
        """
        for name in self._sealed if state else ():
            self._check(name, page, str(form.get(name, "")))
        sent = str(form.get(TOKEN, ""))
        if cookie is not None and not hmac.compare_digest(
            sent.encode(), self.token(cookie).encode()
        ):
            raise ForgedError(TOKEN)


def delta(*parts: tuple[str, str, str]) -> str:
    """Return (type, id, content) parts as ASP.NET AJAX sends them: length|type|id|content|."""
    told = (f"{len(text)}|{kind}|{name}|{text}|" for kind, name, text in parts)
    return "1|#||4|" + "".join(told)


def redirect(url: str) -> tuple[str, str, str]:
    """Return the part that makes the page go elsewhere."""
    return ("pageRedirect", "", quote(url, safe="").replace("%2F", "%2f"))
