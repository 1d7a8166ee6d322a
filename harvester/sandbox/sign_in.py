"""The way in: sign-in form, what may stand in its way, and the way out."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

import pyotp
from aiohttp import web

from harvester.sandbox.forms import delta, redirect
from harvester.sandbox.nouns import SignIn
from harvester.sandbox.session import COOKIE, Session
from harvester.sandbox.site import Site, is_partial, plain
from harvester.sandbox.switches import MFA_CODE, MFA_SECRET
from harvester.sandbox.trouble import FOREIGN

OBSTACLES = {
    "change-password": "/Change-Password",
    "terms": "/Terms",
    "contact-info": "/Contact-Information",
}

WRONG = "The user ID or password is incorrect."
_LOCKED = "Your account has been locked because of too many failed attempts. Please "
LOCKED = f"{_LOCKED}call (800) 555-0100."
CAPTCHA = "Please type the characters you see in the picture."
WRONG_CODE = "That code is not right."
LATE_CODE = "That code has expired. Please sign in again."
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Panel:
    """What the update panel of the form shows after a post that did not sign in."""

    message: str = ""
    captcha: bool = False
    ticket: str = ""
    """Where a verification code is asked for: what proves that the password was right."""


class Proven(NamedTuple):
    """A sign-in whose password was right, and the user id as it was typed."""

    sign_in: SignIn
    user: str


async def public(site: Site, request: web.Request) -> web.Response:
    """Show the co-op's public page on usage monitoring."""
    return site.page(request, "public.html", {})


async def landing(site: Site, request: web.Request) -> web.Response:
    """Lead from the bare base to the account, or to where one signs in."""
    session = site.sessions.use(request.cookies.get(COOKIE))
    if session is None:
        return turned_away(site, request, site.layout.landing, is_page=True)
    raise web.HTTPFound(site.layout.url(site.layout.billing))


def turned_away(site: Site, request: web.Request, back: str, *, is_page: bool) -> web.Response:
    """Answer a request without a session: pages lead to the form, feeds get its HTML with a 200."""
    where = "?returnurl=" + quote(site.layout.url(back) if back else request.path_qs, safe="")
    if site.layout.popup:
        popup = site.layout.url(site.layout.popup) + where + "&popUp=true"
        return site.page(request, "landing.html", {"popup": popup})
    if is_page:
        raise web.HTTPFound(site.layout.url(site.layout.sign_in) + where)
    return _form(site, request, "sign-in", Panel())


async def show(site: Site, request: web.Request) -> web.Response:
    """Show the sign-in form, or the page whose iframe has it."""
    lay = site.layout
    if lay.frame and request.path == lay.url(lay.sign_in):
        query = f"?{request.query_string}" if request.query_string else ""
        return site.page(request, "framed.html", {"frame": lay.url(lay.frame) + query})
    return _form(site, request, _name(site, request), Panel())


async def submit(site: Site, request: web.Request) -> web.Response:
    """Take the sign-in form, as a partial postback or as a whole one."""
    form = await request.post()
    name = _name(site, request)
    if forged := site.forged(request, name, form):
        return forged
    partial = is_partial(request, form)
    if further := _further(site, request, form):
        return plain(delta(redirect(further)))
    result = _attempt(site, form)
    if isinstance(result, Proven):
        return _let_in(site, request, result, partial=partial)
    if not partial:
        return _form(site, request, name, result)
    words = site.layout.words
    parts = [("updatePanel", words.id("UpdatePanel1"), _panel(site, request, result))]
    parts += [("hiddenField", key, value) for key, value in site.seal.fields(name).items()]
    parts.append(("hiddenField", words.id("hdnMFATokenkey"), result.ticket))
    return plain(delta(*parts))


def _further(site: Site, request: web.Request, form: Mapping[str, object]) -> str:
    """Return the page that asks for the password, where the form was the one without."""
    words = site.layout.words
    if site.switches.redesign != "two-pages" or words.name(words.password_name) in form:
        return ""
    user = quote(str(form.get(words.name(words.user_name), "")), safe="")
    return f"{request.path_qs}{'&' if request.query_string else '?'}user={user}"


def _name(site: Site, request: web.Request) -> str:
    return "popup" if request.path == site.layout.url(site.layout.popup) else "sign-in"


def _form(site: Site, request: web.Request, name: str, panel: Panel) -> web.Response:
    panel = panel if panel.message or panel.ticket else Panel(captcha=_wants_captcha(site))
    here = request.path in {
        site.layout.url(site.layout.sign_in),
        site.layout.url(site.layout.popup),
        site.layout.url(site.layout.frame),
    }
    values = {
        "panel": panel,
        "popup": name == "popup" or request.path == site.layout.url(site.layout.frame),
        "user": request.query.get("user", ""),
        "captcha_id": secrets.token_hex(16),
        "action": request.path_qs if here else site.layout.url(site.layout.sign_in),
    }
    return site.page(request, "sign_in.html", values, name)


def _panel(site: Site, request: web.Request, panel: Panel) -> str:
    return site.page(request, "_panel.html", {"panel": panel}).text or ""


def _attempt(site: Site, form: Mapping[str, object]) -> Panel | Proven:
    """Judge a sign-in; a panel says why it did not succeed, or what is still wanted."""
    words = site.layout.words

    def said(name: str) -> str:
        return str(form.get(words.name(name), "")).strip()

    if ticket := said("hdnMFATokenkey"):
        return _second_step(site, ticket, said("txtMFAToken"))
    if _wants_captcha(site):
        return Panel(CAPTCHA, captcha=True)
    typed = said(words.user_name)
    sign_in = site.world.known(typed)
    user = sign_in.user if sign_in else typed
    right = sign_in and secrets.compare_digest(
        str(form.get(words.name(words.password_name), "")).encode(), sign_in.password.encode()
    )
    site.passwords.append(site.now())
    if (lock := _lock(site, user)) or not sign_in or not right or site.switches.wrong_password:
        site.counts.rejected[user] += 1
        return Panel(lock or _counted(site, user))
    site.wrong[user] = 0
    if site.switches.mfa != "off":
        return Panel(ticket=site.seal.ticket(typed, site.now()))
    return Proven(sign_in, typed)


def _wants_captcha(site: Site) -> bool:
    site.passwords = [at for at in site.passwords if site.now() - at < _DAY_SECONDS]
    many = site.switches.captcha_after
    return site.switches.captcha or 0 < many <= len(site.passwords)


def _lock(site: Site, user: str) -> str:
    """Return what a locked user is told; nothing where the user is not locked."""
    since = site.locks.get(user, site.began if site.switches.locked else None)
    if since is None:
        return ""
    lasts = site.switches.lock_seconds
    left = math.ceil((since + lasts - site.now()) / 60)
    if not lasts:
        return LOCKED
    return f"{_LOCKED}try again in {left} minute{'s'[: left - 1]}." if left > 0 else ""


def _counted(site: Site, user: str) -> str:
    """Count a wrong password, lock the user whom it was one too many, and say so."""
    site.wrong[user] += 1
    if site.wrong[user] != site.switches.lock_after:
        return WRONG
    site.wrong[user] = 0
    site.locks[user] = site.now()
    return _lock(site, user)


def _second_step(site: Site, ticket: str, code: str) -> Panel | Proven:
    typed, at = site.seal.holder(ticket) or ("", 0.0)
    sign_in = site.world.known(typed)
    if sign_in is None:
        return Panel(WRONG)
    if site.now() - at >= site.switches.mfa_seconds:
        return Panel(LATE_CODE)
    if site.switches.mfa == "app":  # the time of an authenticator is that of the whole world
        right = pyotp.TOTP(MFA_SECRET).verify(code, valid_window=1)
    else:
        right = code == MFA_CODE
    if not right:
        site.counts.rejected[sign_in.user] += 1
        return Panel(WRONG_CODE, ticket=ticket)
    return Proven(sign_in, typed)


def _let_in(site: Site, request: web.Request, proven: Proven, *, partial: bool) -> web.Response:
    switches = site.switches
    set_up = {
        "change-password": switches.password_expired,
        "terms": switches.terms,
        "contact-info": switches.contact_info,
    }
    obstacle = next((name for name, stands in set_up.items() if stands), "")
    session = site.sessions.open(*proven, obstacle)
    site.counts.sign_ins[proven.sign_in.user] += 1
    if obstacle:
        target = site.layout.url(OBSTACLES[obstacle])
    elif switches.foreign_redirect:
        target = FOREIGN
    else:
        target = _back(site, request)
    if partial:
        named = ("dataItem", site.layout.words.id("lblUser"), proven.user)
        response = plain(delta(named, redirect(target)))
    else:
        response = web.Response(status=302, headers={"Location": target})
    response.set_cookie(COOKIE, session.key, httponly=True, path="/", samesite="Lax")
    return response


def _back(site: Site, request: web.Request) -> str:
    """Return where a sign-in leads: to the return address if it is one of this portal."""
    query = {key.lower(): value for key, value in request.query.items()}
    back = query.get("returnurl", "")
    own = back.startswith(site.layout.base + "/") and "//" not in back and "\\" not in back
    return back if own else site.layout.url(site.layout.landing)


async def obstacle(site: Site, request: web.Request, session: Session) -> web.Response:
    """Show what has to be dealt with before the account opens; nothing here deals with it."""
    return site.page(request, "obstacle.html", {}, session=session)


async def log_off(site: Site, request: web.Request) -> web.Response:
    """End the session."""
    session = site.sessions.use(request.cookies.get(COOKIE))
    if session:
        site.sessions.close(session)
    response = web.Response(status=302, headers={"Location": site.layout.url("/")})
    response.del_cookie(COOKIE, path="/")
    return response
