"""What is asked for is done once and in its order, and no portal is asked too often."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta

import pytest
from conftest import run_async
from crew import busiest
from pydantic import SecretStr
from queues import NOW, TOMORROW, TONIGHT, limited, night, silence, taken, told

from harvester.errors import Failure, Misconfigured, State
from harvester.queue.jobs import (
    LOST,
    TRIES,
    Claim,
    Next,
    Order,
    Work,
    broken_off,
    depth,
    follows,
    given_up,
    put,
    settle,
    take_over,
)
from harvester.queue.rate import Shared
from harvester.queue.server import Queue, open_queue


def test_a_member_is_asked_for_once_a_night_however_often(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        assert await put(queue, night("ash", "oak"), 10) == 2
        assert await put(queue, night("ash", "oak", "elm"), 10) == 1
        worker = await queue.jobs.register_worker()
        while found := await taken(queue, worker):
            assert await settle(queue, found[1], State.OK, Next())
        assert await put(queue, night("ash"), 10) == 0
        assert await put(queue, night("ash", of=TOMORROW), 10) == 1
        assert await depth(queue) == (1, 0)

    told(fresh, story)


def test_two_programs_that_ask_at_once_ask_once(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        names = [f"house-{n}" for n in range(50)]
        added = await asyncio.gather(*(put(queue, night(*names), 1000) for _ in range(4)))
        assert (sum(added), await depth(queue)) == (50, (50, 0))

    told(fresh, story)


def test_who_waits_comes_first_and_what_is_old_last(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        for member, work in (("a", Work.BACKFILL), ("b", Work.NIGHT), ("c", Work.NOW)):
            await put(queue, [Order(member, work, TONIGHT)], 10)
        worker = await queue.jobs.register_worker()
        found = [await taken(queue, worker) for _ in range(3)]
        assert [one[0].member for one in found if one] == ["c", "b", "a"]

    told(fresh, story)


def test_a_member_is_never_given_to_two_workers_at_once(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, [Order("ash", work, TONIGHT) for work in Work], 10)
        one, other = [await queue.jobs.register_worker() for _ in range(2)]
        first = await taken(queue, one)
        assert first
        assert await taken(queue, other) is None
        await settle(queue, first[1], State.OK, Next())
        assert await taken(queue, other) is not None

    told(fresh, story)


def test_a_full_queue_takes_all_or_nothing(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash", "oak"), 3)
        with pytest.raises(Misconfigured, match="2 harvests are open of the 3") as refused:
            await put(queue, night("ash", "elm", "fir"), 3)
        assert refused.value.exit_code == 19
        assert await depth(queue) == (2, 0)
        assert await put(queue, night("ash", "elm"), 3) == 1
        assert await put(queue, night("ash", "elm"), 3) == 0

    told(fresh, story)


@pytest.mark.parametrize(
    ("state", "tries", "minutes"),
    [
        (State.OK, 0, None),
        (State.OK_PARTIAL, 5, None),
        (State.PORTAL_DOWN, 0, 5),
        (State.MAINTENANCE, 2, 20),
        (State.PENDING, 3, 1),
        (State.PORTAL_DOWN, TRIES - 1, "dead"),
        (State.BAD_CREDENTIALS, 0, "dead"),
        (State.AUTHORIZATION_EXPIRED, 0, "dead"),
        (State.PORTAL_CHANGED, 0, "dead"),
        (State.STOPPED, 0, "dead"),
    ],
)
def test_what_follows_an_attempt_is_told_by_its_state(
    state: State, tries: int, minutes: int | str | None
) -> None:
    then = follows(state, tries, NOW, None)
    assert then.dead is (minutes == "dead")
    if isinstance(minutes, int):
        assert then.again
        assert 1 <= (then.again - NOW) / timedelta(minutes=minutes) <= 1.2
    else:
        assert then.again is None


def test_nothing_is_tried_again_before_its_portal_allows() -> None:
    opens = NOW + timedelta(hours=9)
    assert follows(State.RATE_LIMITED, 0, NOW, opens) == Next(again=opens)


def test_an_attempt_that_was_taken_over_writes_nothing(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        one, other = [await queue.jobs.register_worker() for _ in range(2)]
        first = await taken(queue, one)
        assert first
        assert await take_over(queue) == 0  # it has just shown a sign of life
        await silence(queue, one)
        assert await take_over(queue) == 1
        second = await taken(queue, other)
        assert second
        assert second[1].tries == 1
        assert not await settle(queue, first[1], State.OK, Next())
        assert await depth(queue) == (1, 1)
        assert await settle(queue, second[1], State.OK, Next())

    told(fresh, story)


def test_what_ends_its_workers_again_and_again_is_given_up(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash"), 10)
        for _ in range(LOST):
            worker = await queue.jobs.register_worker()
            async with queue.pool.connection() as connection:  # the pause is over
                await connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now()")
            assert await taken(queue, worker)
            await silence(queue, worker)
            assert await take_over(queue) == 1
        (letter,) = await given_up(queue)
        assert (letter.member, letter.state, letter.tries) == ("ash", None, LOST)

    told(fresh, story)


def test_a_dead_letter_is_shown_until_its_member_is_harvested(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        await put(queue, night("ash", "oak"), 10)
        worker = await queue.jobs.register_worker()
        for state in (State.BAD_CREDENTIALS, State.OK):
            found = await taken(queue, worker)
            assert found
            await settle(queue, found[1], state, follows(state, 0, NOW, None))
        (letter,) = await given_up(queue)
        assert letter[:4] == ("ash", Work.NIGHT, TONIGHT, State.BAD_CREDENTIALS)
        await put(queue, [Order("ash", Work.NOW, "2026-11-25T09:30")], 10)
        found = await taken(queue, worker)
        assert found
        assert len(await given_up(queue)) == 1
        await settle(queue, found[1], State.OK, Next())
        assert await given_up(queue) == []

    told(fresh, story)


async def claimed(queue: Queue, name: str) -> Claim:
    await put(queue, night(name), 100)
    found = await taken(queue, await queue.jobs.register_worker())
    assert found
    return found[1]


def test_all_sessions_together_keep_to_the_requests_of_any_ten_seconds(fresh: SecretStr) -> None:
    chance, moments = random.Random(5), []  # noqa: S311 - pages, not secrets

    async def session(queue: Queue, name: str, until: float) -> None:
        made = 0
        async with Shared(queue, await claimed(queue, name))(limited(60), lambda: made) as turn:
            while time.monotonic() < until:
                await turn()
                for _ in range(chance.randint(1, 8)):
                    made += 1
                    moments.append(time.monotonic())

    async def run() -> None:
        async with open_queue(fresh) as one, open_queue(fresh) as other:
            until = time.monotonic() + 13
            both = enumerate((one, other, one, other))
            await asyncio.gather(*(session(queue, f"house-{n}", until) for n, queue in both))

    run_async(run())
    assert 40 < busiest(moments) <= 60
    assert len(moments) > 80


def test_another_portal_has_turns_of_its_own_and_a_session_that_ended_leaves_no_debt(
    fresh: SecretStr,
) -> None:
    async def story(queue: Queue) -> None:
        began = time.monotonic()
        claim = await claimed(queue, "ash")
        for profile in (limited(8), limited(8).model_copy(update={"origins": ("http://b",)})):
            async with Shared(queue, claim)(profile, lambda: 0) as turn:
                await turn()
            async with Shared(queue, claim)(profile, lambda: 0) as turn:
                await turn()
        assert time.monotonic() - began < 5

    told(fresh, story)


def test_a_session_whose_job_was_taken_over_asks_nothing_more(fresh: SecretStr) -> None:
    async def story(queue: Queue) -> None:
        claim = await claimed(queue, "ash")
        async with Shared(queue, claim)(limited(50), lambda: 0) as turn:
            await turn()
            await settle(queue, claim, None, broken_off(0))
            with pytest.raises(Failure, match="given to another worker") as refused:
                await turn()
            assert refused.value.state is State.PENDING

    told(fresh, story)
