"""What harvests of a portal need that is simulated or recorded, where nobody's leave is asked."""

from __future__ import annotations

from pathlib import Path

from harvester.custody import consent
from harvester.custody.authorization import own
from harvester.profile import Profile
from harvester.task import Task


def at_ease(profile: Profile) -> Profile:
    """Return a profile without pauses, daily limits and hours: there is no portal to spare."""
    limits = {"sign_ins_a_day": 1000, "runs_a_day": 1000, "pause_ms": 0, "run_window": None}
    return profile.model_copy(update={"pace": profile.pace.model_copy(update=limits)})


def permit(home: Path, task: Task) -> None:
    """Record that a simulated member permits it, if that is not recorded yet."""
    name, portal = task.member.name, task.profile
    if not consent.records(home, name):
        consent.grant(home, own(name, portal.id, portal.name, task.now()))
