"""How many requests a run has begun, whether or not the portal has heard of them yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harvester.task import Task
from harvester.wire import Wire


class Begun:
    """Listens to the wires of a task."""

    def __init__(self) -> None:
        self._wires: list[Wire] = []

    def watching(self, task: Task) -> Task:
        """Return the task, over wires that are counted here."""

        def wire(*where: Any, **how: Any) -> Wire:
            self._wires.append(task.wire(*where, **how))
            return self._wires[-1]

        return replace(task, wire=wire)

    def total(self) -> int:
        """Return how many there are by now."""
        return sum(wire.requests.total() for wire in self._wires)
