"""Takes what a home holds to where people use it: one module a format, found by name here."""

from __future__ import annotations

FORMATS = {"greenbutton": "harvester.export.greenbutton"}
"""Where a format's `write(store, accounts, window, out, **options)` is, which returns the files."""
