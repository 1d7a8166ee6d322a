"""The simulated portal counts what is asked, and refuses to be what it cannot."""

from __future__ import annotations

import pytest
from asked_of import HOME
from conftest import run_async
from served import WORLD, Visitor, visit

from harvester.sandbox.app import portal, serve
from harvester.sandbox.layout import NEWER
from harvester.sandbox.site import DANGEROUS
from harvester.sandbox.switches import Switches


def test_what_was_asked_is_counted_and_counting_is_not() -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in("sandbox-home")
        await visitor.daily(HOME, "06/09/2026")
        for _ in range(2):
            async with visitor.http.get(visitor.root + "/_sandbox/counts") as reply:
                assert await reply.json() == {
                    "sign_ins": {"sandbox-home": 1},
                    "rejected": {},
                    "routes": {"sign-in form": 1, "sign-in": 1, "daily": 1},
                    "dangerous": {},
                    "total": 3,
                }

    visit(story)


@pytest.mark.parametrize("name", DANGEROUS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_dangerous_control_is_counted(name: str, method: str) -> None:
    async def story(visitor: Visitor) -> None:
        url = visitor.root + NEWER + DANGEROUS[name]
        async with visitor.http.request(method, url) as reply:
            assert reply.status == 200
        assert visitor.counts.dangerous == {name: 1}

    visit(story)


def test_a_fault_is_read_from_its_name_and_value() -> None:
    given = ["pdf=blob", "range-days=7", "captcha", "redesign", "notice=off", "error-500=9"]
    assert Switches.parse(given) == Switches(
        pdf="blob", range_days=7, captcha=True, redesign="all", notice="off", error_500=9
    )
    assert Switches.parse([]) == Switches()


@pytest.mark.parametrize("fault", ["pdf=fax", "pdf", "range-days=many", "captcha=2", "mfa=fax"])
def test_a_value_that_does_not_exist_is_refused_in_one_sentence(fault: str) -> None:
    with pytest.raises(ValueError, match=r"^The fault .*\.$"):
        Switches.parse([fault])


def test_a_base_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="/onlineportal, /oscp"):
        portal(WORLD, base="/portal")


def test_the_portal_listens_on_loopback_only() -> None:
    async def run() -> None:
        runner, port = await serve(portal(WORLD))
        assert runner.addresses == [("127.0.0.1", port)]
        await runner.cleanup()

    run_async(run())
