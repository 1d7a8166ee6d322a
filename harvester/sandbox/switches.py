"""The switches of `--fault NAME[=VALUE]`: read from text, and listed with a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

from harvester.sandbox.faults import Accounts, Documents, Feeds, Outages, WayIn
from harvester.sandbox.variants import Variants

MFA_CODE = "246810"
"""The one code that is right where `mfa` is message."""
MFA_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""What the authenticator is set up with where `mfa` is app: six digits, 30 s, SHA-1 (RFC 6238)."""


@dataclass(frozen=True)
class Switches(Feeds, Documents, Accounts, Outages, WayIn, Variants):
    """All of them; those of the last base come first."""

    @classmethod
    def parse(cls, faults: Iterable[str]) -> Switches:
        """Return the switches of NAME[=VALUE] texts; ValueError says what is wrong with one."""
        known = _kinds()
        values: dict[str, Any] = {}
        for fault in faults:
            name, _, value = fault.partition("=")
            if name not in known:
                listed = "\n".join(f"  {usage}  {says}" for usage, says in described())
                message = f"There is no fault {name!r}; the known ones are:\n{listed}"
                raise ValueError(message)
            values[name.replace("-", "_")] = _value(name, value, known[name])
        return cls(**values)


def described() -> Iterator[tuple[str, str]]:
    """Yield every switch: its name with the values it takes, and its sentence."""
    says = {_name(field.name): field.metadata["says"] for field in fields(Switches)}
    for name, kind in _kinds().items():
        takes = "N" if kind is int else "|".join(get_args(kind))
        yield f"{name}={takes}" if takes else name, says[name]


def _kinds() -> dict[str, object]:
    types = get_type_hints(Switches)
    return {_name(field.name): types[field.name] for field in fields(Switches)}


def _name(attribute: str) -> str:
    return attribute.replace("_", "-")


def _value(name: str, value: str, kind: object) -> bool | int | str:
    if kind is bool and value in {"", "on", "off"}:
        return value != "off"
    if kind is int and value.isascii() and value.isdecimal():
        return int(value)
    allowed = get_args(kind)
    if not value and "off" in allowed:
        return str(next(choice for choice in allowed if choice != "off"))
    if value in allowed:
        return value
    wanted = "a whole number" if kind is int else " or ".join(allowed or ("on", "off"))
    message = f"The fault {name} takes {wanted}, not {value!r}."
    raise ValueError(message)
