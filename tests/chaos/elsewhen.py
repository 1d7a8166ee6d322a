"""The command line in a process whose clock is off: `elsewhen.py SECONDS COMMAND...`."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo

import harvester.run
from harvester import cli
from harvester.cli import consent, custody, harvests, members, night, notices

OFF = timedelta(seconds=float(sys.argv[1]))


class Elsewhen(datetime):
    """A datetime whose now is not now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + OFF


for name, module in sys.modules.items():
    if name.startswith("harvester") and getattr(module, "datetime", None) is datetime:
        module.datetime = Elsewhen  # type: ignore[attr-defined]
for told in (consent, custody, harvests, members, night, notices, harvester.run):
    assert told.datetime is Elsewhen

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[2:]))
