"""Workers that share a queue harvest everybody once, whatever becomes of one of them."""

from __future__ import annotations

from crew import disturbed


def test_a_killed_worker_and_a_restarted_server_lose_and_double_nothing() -> None:
    told = disturbed(
        portals=2, each=6, workers=2, limit=40, kills=1, kill_every=6, restart_at=3, seconds=600
    )
    assert told.wrong == []
    assert (told.kills, told.restarts) == (1, 1)
    assert told.sign_ins >= told.members == 12
    assert 0 < told.busiest <= 40
