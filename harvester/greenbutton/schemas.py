"""The published schemas, where a person has them: which of them a file is valid under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from harvester.errors import Misconfigured, State
from harvester.greenbutton.reader import ATOM

_ENTRY = f"{{{ATOM}}}entry"


_WRONG = {
    "not expected": "is not expected here",
    "Missing child": "lacks a part",
    "No matching global": "is none of this version",
}
"""What the schema says -> what a person is told."""


class Schemas:
    """The schemas of a folder, each in a folder of its version: `4.0/all_espi.xsd`."""

    def __init__(self, folder: Path) -> None:
        """Read them all; raises Misconfigured where there is none or one cannot be read."""
        self.of: dict[str, etree.XMLSchema] = {}
        for file in sorted(folder.glob("*/all_*.xsd")):
            try:
                self.of[file.parent.name] = etree.XMLSchema(etree.parse(file))
            except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as error:
                raise Misconfigured(
                    State.INVALID_FILE,
                    f"The schema {file} cannot be read ({type(error).__name__}); get it again.",
                ) from None
        if not self.of:
            raise Misconfigured(
                State.INVALID_FILE,
                f"{folder} has no schema such as 4.0/all_espi.xsd; name the folder of the published"
                " ESPI schemas with --schemas, or leave it out and do without.",
            )


class Validation:
    """One XML file against schemas, piece by piece, in memory that does not grow."""

    def __init__(self, schemas: Schemas) -> None:
        self._parsers = {
            version: etree.XMLPullParser(
                events=("end",),
                tag=_ENTRY,
                schema=schema,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
            )
            for version, schema in schemas.of.items()
        }
        self.wrong: dict[str, str] = {}
        """By version, what is not valid first."""

    def feed(self, piece: bytes) -> None:
        """Take the next piece, which the reader has found safe."""
        for version, parser in self._parsers.items():
            if version in self.wrong:
                continue
            try:
                parser.feed(piece)
                for _, entry in parser.read_events():
                    _forget(entry)
            except etree.XMLSyntaxError as error:
                self.wrong[version] = _said(error)

    def close(self) -> None:
        """Hear that this was all."""
        for version, parser in self._parsers.items():
            if version not in self.wrong:
                try:
                    parser.close()
                except etree.XMLSyntaxError as error:
                    self.wrong[version] = _said(error)


def _forget(entry: Any) -> None:  # noqa: ANN401 - the stubs think of other events too
    """Drop what was checked, and all before it."""
    entry.clear()
    feed = entry.getparent()
    while feed is not None and entry.getprevious() is not None:
        del feed[0]


def _said(error: etree.XMLSyntaxError) -> str:
    """Return what is wrong and with which element, without the value that it has."""
    element, _, what = str(error).partition("': ")
    told = next((said for sign, said in _WRONG.items() if sign in what), "has a wrong value")
    return f"Line {error.lineno}: {element}' {told}."
