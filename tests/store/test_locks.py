"""Where a file system has no locks, that is said, and nothing goes on without one."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from harvester.custody import files
from harvester.errors import Misconfigured
from harvester.store.locks import alone


@pytest.fixture(autouse=True)
def _no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_no_member_is_harvested(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"\.house\.lock cannot be used \(No locks avail"):
        alone(tmp_path, None, ["house"], "busy").__enter__()


def test_no_permission_is_changed(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"cannot be used \(No locks available\)"):
        files.alone(tmp_path).__enter__()
