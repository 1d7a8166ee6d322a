"""While one thing is filed the next is on its way, and none is asked for once filing has failed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from conftest import run_async

from harvester.errand import _one_ahead


def test_one_more_is_asked_for_before_each_is_filed_and_none_after_a_failure() -> None:
    asked: list[int] = []
    filed: list[tuple[int, list[int]]] = []

    async def answers() -> AsyncIterator[int]:
        for number in range(5):
            asked.append(number)
            yield number

    async def filing() -> None:
        async with aclosing(_one_ahead(answers())) as coming:
            async for number in coming:
                filed.append((number, [*asked]))
                if number == 1:
                    raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        run_async(filing())
    assert filed == [(0, [0, 1]), (1, [0, 1, 2])]
    assert asked == [0, 1, 2]
