"""The simulated portal stands in the way, fails and is redesigned as it is told to."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import unquote

import pytest
from asked_of import BILLING, HISTORY, OLD_POPUP, USAGE
from served import CONTROL, FORM, Visitor, visit

from harvester.sandbox.layout import NEWER, OLDER
from harvester.sandbox.sign_in import LOCKED, WRONG
from harvester.sandbox.site import LEDGER
from harvester.sandbox.switches import MFA_CODE


def test_wrong_passwords_lock_a_user_and_nobody_else() -> None:
    async def story(visitor: Visitor) -> None:
        assert WRONG in await visitor.sign_in("sandbox-home", "1")
        assert LOCKED in await visitor.sign_in("sandbox-home", "2")
        assert LOCKED in await visitor.sign_in("sandbox-home")
        assert "pageRedirect" in await visitor.sign_in("sandbox-solar")
        assert visitor.counts.rejected == {"sandbox-home": 3}

    visit(story, "lock-after=2")


def test_a_right_password_forgives_the_wrong_ones_before() -> None:
    async def story(visitor: Visitor) -> None:
        for _ in range(3):
            assert WRONG in await visitor.sign_in("sandbox-home", "1")
            assert "pageRedirect" in await visitor.sign_in("sandbox-home")

    visit(story, "lock-after=2")


def test_a_captcha_stops_the_right_password_uncounted() -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page("/Customer-Login")
        assert page.xpath("//img[contains(@id, 'CaptchaImage')]")
        text = await visitor.sign_in("sandbox-home")
        assert "characters you see" in text
        assert "pageRedirect" not in text
        assert not visitor.counts.sign_ins
        assert not visitor.counts.rejected

    visit(story, "captcha")


def test_a_second_factor_wants_its_code_and_the_proof_of_the_first() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("sandbox-home")
        assert "verification code" in text
        assert not visitor.counts.sign_ins
        ticket = re.search(r"\|hiddenField\|\w+_hdnMFATokenkey\|([\w.]+)\|", text)
        assert ticket
        control = CONTROL[NEWER]
        for proof, code, signed_in in (
            (ticket[1], "000000", False),
            ("73616e64626f78.00", MFA_CODE, False),
            (ticket[1], MFA_CODE, True),
        ):
            form = await visitor.hidden("/Customer-Login") | {
                f"{control}hdnMFATokenkey": proof,
                f"{control}txtMFAToken": code,
            }
            _, text, _ = await visitor.post_form("/Customer-Login", form)
            assert ("pageRedirect" in text) is signed_in

    visit(story, "mfa")


@pytest.mark.parametrize(
    ("fault", "where", "said"),
    [
        ("password-expired", "/Change-Password", "must change your password"),
        ("terms", "/Terms", "accept the updated terms"),
    ],
)
def test_an_obstacle_stands_before_every_page_and_feed(fault: str, where: str, said: str) -> None:
    async def story(visitor: Visitor) -> None:
        assert unquote(await visitor.sign_in("sandbox-home")).endswith(f"{NEWER}{where}|")
        for path in (where, BILLING, HISTORY, USAGE):
            text = await visitor.text(path)
            assert said in text
            assert "ContentPane" not in text
            assert "Log Out" not in text
        async with visitor.http.post(
            visitor.root + NEWER + LEDGER, json={}, allow_redirects=False
        ) as reply:
            assert reply.status == 302

    visit(story, fault)


def test_maintenance_is_said_with_status_200_by_every_page() -> None:
    async def story(visitor: Visitor) -> None:
        for path in ("/", "/Customer-Login", BILLING):
            assert "scheduled maintenance" in await visitor.text(path)

    visit(story, "maintenance")


def test_a_sign_in_can_lead_to_a_foreign_host() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.sign_in("sandbox-home")
        assert unquote(text).endswith("|https://billing.example.net/|")

    visit(story, "foreign-redirect")


def test_every_third_signed_in_request_can_fail() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        statuses = []
        for _ in range(6):
            async with visitor.http.get(visitor.root + NEWER + HISTORY) as reply:
                statuses.append(reply.status)
        assert statuses == [200, 200, 500, 200, 200, 500]

    visit(story, "error-500=3")


def test_a_slow_portal_answers_late() -> None:
    async def story(visitor: Visitor) -> None:
        loop_time = asyncio.get_running_loop().time
        before = loop_time()
        await visitor.text("/Customer-Login")
        assert loop_time() - before >= 0.05

    visit(story, "slow=50")


def test_a_redesign_renames_the_form_and_still_takes_it() -> None:
    async def story(visitor: Visitor) -> None:
        text = await visitor.text("/Customer-Login")
        for gone in ("txtUsername", "txtPassword", "btnLogin", "User ID", "Password", "Sign In"):
            assert gone not in text
        form = await visitor.hidden("/Customer-Login") | {
            "app$gateway$identifier": "sandbox-home",
            "app$gateway$credential": "sandbox-home-Pa55",
        }
        assert "pageRedirect" in (await visitor.post_form("/Customer-Login", form))[1]
        text = await visitor.text(HISTORY)
        for gone in ("ContentPane", "Log Out", "no-more-tables", "saveViewHTML", "Bill Amount"):
            assert gone not in text

    visit(story, "redesign")


def test_a_redesign_of_the_tables_leaves_the_form() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("1000404001")
        assert "no-more-tables" not in await visitor.text(HISTORY)
        assert "example2" not in await visitor.text(BILLING)

    visit(story, "redesign=tables")


@pytest.mark.parametrize("ids", ["short", "long"])
def test_the_fields_have_short_or_long_ids_and_the_same_names(ids: str) -> None:
    async def story(visitor: Visitor) -> None:
        page = await visitor.page("/Customer-Login")
        prefix = "" if ids == "short" else "dnn_ctr384_CustomerLogin_"
        for name in ("txtUsername", "txtPassword"):
            (found,) = page.xpath(f"//input[@id='{prefix}{name}']")
            assert found.get("name") == f"dnn$ctr384$CustomerLogin${name}"
        (button,) = page.xpath("//input[@id='dnn_ctr384_CustomerLogin_btnLogin']")
        assert button.get("value") == "Sign In"

    visit(story, f"ids={ids}")


def test_the_older_form_has_its_own_names_and_button() -> None:
    async def story(visitor: Visitor) -> None:
        for path in (FORM[OLDER], OLD_POPUP):
            page = await visitor.page(path)
            (button,) = page.xpath("//input[@type='submit']")
            assert button.get("name") == "dnn$ctr564$FeatureLogin$btnLogin"
            assert button.get("value") == "Login"
            assert button.get("onclick") == "return Validate();"

    visit(story, base=OLDER)
