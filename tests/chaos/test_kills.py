"""A backfill that is killed again and again ends where an undisturbed one does."""

from __future__ import annotations

from pathlib import Path

from coop import Coop
from soak import Soak

SEED = 11
ROUNDS = 6


def test_killed_backfills_lose_and_double_nothing_and_keep_to_the_limit_of_sign_ins(
    tmp_path: Path,
) -> None:
    with Coop("sandbox-new", months=6, click_ms=20) as coop:
        figures = Soak(coop, tmp_path, SEED).run(ROUNDS)
    told = f"seed {SEED}, killed after {figures.moments} seconds"
    assert figures.wrong == [], told
    assert figures.rounds == ROUNDS
    assert 0 < figures.most_sign_ins <= 3, told
