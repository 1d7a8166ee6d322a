"""The simulated portal stands in the way of a sign-in as it is told to, in words of its own."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pyotp
import pytest
from served import CONTROL, Clock, Visitor, visit

from harvester.sandbox.layout import NEWER
from harvester.sandbox.sign_in import CAPTCHA, LATE_CODE, LOCKED, WRONG, WRONG_CODE
from harvester.sandbox.switches import MFA_CODE, MFA_SECRET
from harvester.sandbox.truth import account_truth
from harvester.sandbox.world import World

HOME, SMALL = "1000101001", "1000303001"
BILLING = "/Billing-Payments"
DAY = 86_400


async def ticket(visitor: Visitor) -> str:
    """Give the right password and return what asks for the code."""
    text = await visitor.sign_in("sandbox-home")
    found = re.search(r"\|hiddenField\|\w+_hdnMFATokenkey\|([\w.]+)\|", text)
    assert found
    return found[1]


async def say_code(visitor: Visitor, proof: str, code: str) -> str:
    control = CONTROL[NEWER]
    form = await visitor.hidden("/Customer-Login") | {
        f"{control}hdnMFATokenkey": proof,
        f"{control}txtMFAToken": code,
    }
    return (await visitor.post_form("/Customer-Login", form))[1]


def test_a_password_that_was_changed_is_wrong() -> None:
    async def story(visitor: Visitor) -> None:
        assert WRONG in await visitor.sign_in("sandbox-home")
        assert visitor.counts.rejected == {"sandbox-home": 1}
        assert not visitor.counts.sign_ins

    visit(story, "wrong-password")


def test_a_password_that_was_changed_locks_as_a_wrong_one_does() -> None:
    async def story(visitor: Visitor) -> None:
        assert WRONG in await visitor.sign_in("sandbox-home")
        assert LOCKED in await visitor.sign_in("sandbox-home")

    visit(story, "wrong-password", "lock-after=2")


def test_a_lock_after_no_number_of_wrong_passwords_never_comes() -> None:
    async def story(visitor: Visitor) -> None:
        for _ in range(6):
            assert WRONG in await visitor.sign_in("sandbox-home", "1")
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "lock-after=0")


def test_a_lock_tells_its_minutes_and_ends_by_itself() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        assert WRONG in await visitor.sign_in("sandbox-home", "1")
        assert "locked" in await visitor.sign_in("sandbox-home", "2")
        told = await visitor.sign_in("sandbox-home")
        assert "has been locked" in told
        assert "try again in 30 minutes." in told
        assert "pageRedirect" in await visitor.sign_in("sandbox-solar")
        clock.seconds = 1741
        assert "try again in 1 minute." in await visitor.sign_in("sandbox-home")
        clock.seconds = 1800
        assert WRONG in await visitor.sign_in("sandbox-home", "1")
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "lock-after=2", "lock-seconds=1800", clock=clock)


def test_a_user_can_be_locked_from_the_start_for_good() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        assert LOCKED in await visitor.sign_in("sandbox-home")
        clock.seconds = 30 * DAY
        assert LOCKED in await visitor.sign_in("sandbox-home")
        assert visitor.counts.rejected == {"sandbox-home": 2}

    visit(story, "locked", clock=clock)


def test_a_user_can_be_locked_from_the_start_for_a_while() -> None:
    clock = Clock()
    clock.seconds = 5000.0

    async def story(visitor: Visitor) -> None:
        assert "try again in 10 minutes." in await visitor.sign_in("sandbox-home")
        clock.seconds += 600
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "locked", "lock-seconds=600", clock=clock)


def test_many_passwords_a_day_bring_a_captcha_until_the_day_is_over() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")
        clock.seconds = 3600
        assert WRONG in await visitor.sign_in("sandbox-solar", "1")
        assert CAPTCHA in await visitor.sign_in("sandbox-home")
        (image,) = (await visitor.page("/Customer-Login")).xpath("//img/@id")
        assert image.endswith("CaptchaImage")
        assert visitor.counts.sign_ins == {"sandbox-home": 1}
        clock.seconds = DAY
        assert not (await visitor.page("/Customer-Login")).xpath("//img")
        assert "pageRedirect" in await visitor.sign_in("sandbox-home")
        assert CAPTCHA in await visitor.sign_in("sandbox-home")

    visit(story, "captcha-after=2", clock=clock)


def test_a_captcha_does_not_come_between_a_password_and_its_code() -> None:
    async def story(visitor: Visitor) -> None:
        proof = await ticket(visitor)
        assert "pageRedirect" in await say_code(visitor, proof, MFA_CODE)
        assert CAPTCHA in await visitor.sign_in("sandbox-home")

    visit(story, "captcha-after=1", "mfa")


def test_a_wrong_code_is_told_from_a_late_one() -> None:
    clock = Clock()

    async def story(visitor: Visitor) -> None:
        proof = await ticket(visitor)
        clock.seconds = 119
        assert WRONG_CODE in await say_code(visitor, proof, "000000")
        assert "pageRedirect" in await say_code(visitor, proof, MFA_CODE)
        proof = await ticket(visitor)
        clock.seconds += 120
        told = await say_code(visitor, proof, MFA_CODE)
        assert LATE_CODE in told
        assert "txtMFAToken" not in told
        assert visitor.counts.sign_ins == {"sandbox-home": 1}
        assert "pageRedirect" in await say_code(visitor, await ticket(visitor), MFA_CODE)

    visit(story, "mfa=message", "mfa-seconds=120", clock=clock)


def test_a_code_can_be_that_of_an_authenticator() -> None:
    async def story(visitor: Visitor) -> None:
        assert "authenticator app" in await visitor.sign_in("sandbox-home")
        proof = await ticket(visitor)
        authenticator = pyotp.TOTP(MFA_SECRET)
        hour_ago = authenticator.at(int(time.time()) - 3600)
        for wrong in ({MFA_CODE, hour_ago, ""}) - {authenticator.now()}:
            assert WRONG_CODE in await say_code(visitor, proof, wrong)
        assert "pageRedirect" in await say_code(visitor, proof, authenticator.now())
        assert "Log Out" in await visitor.text(BILLING)

    visit(story, "mfa=app")


def test_contact_information_stands_before_every_page_until_a_member_confirms_it() -> None:
    async def story(visitor: Visitor) -> None:
        led = unquote(await visitor.sign_in("sandbox-home"))
        assert led.endswith(f"{NEWER}/Contact-Information|")
        for path in ("/Contact-Information", BILLING):
            page = await visitor.page(path)
            assert "confirm your contact information" in page.text_content()
            shown = page.xpath("//div[@class='field']/input/@value")
            account = World().account(HOME)
            assert shown == [account.phone, account.email]
            assert account.ssn in page.text_content()
            assert "Log Out" not in page.text_content()
        assert not visitor.counts.dangerous

    visit(story, "contact-info")


@pytest.mark.parametrize("other", ["terms", "contact-info"])
def test_an_expired_password_comes_before_what_else_stands_in_the_way(other: str) -> None:
    async def story(visitor: Visitor) -> None:
        led = unquote(await visitor.sign_in("sandbox-home"))
        assert led.endswith("/Change-Password|")

    visit(story, other, "password-expired")


def test_what_pages_show_of_a_member_is_known_and_the_same_for_all_accounts_of_one() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-business")
        shown = await visitor.text(BILLING)
        first, *others = World().sign_in("sandbox-business").accounts
        phone, digits, email, ssn, bank, card = account_truth(World(), SMALL)["canaries"]
        assert first.canaries == (phone, digits, email, ssn, bank, card)
        assert all(text in shown for text in (phone, email, ssn, bank, card))
        assert digits == "".join(c for c in phone if c.isdigit())
        assert re.fullmatch(r"XXX-XX-\d{4}", ssn)
        assert {other.ssn for other in others} == {ssn}
        assert World().account(HOME).ssn != ssn
        for path in ("/My-Account/Account-History", "/My-Account/Usage-History"):
            assert phone in await visitor.text(path)

    visit(story)
