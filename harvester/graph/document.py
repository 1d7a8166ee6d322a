"""Writes a graph that was read as plain values, so that its points can be kept and read again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from harvester.graph.points import Graph, Point, Series


def document(graph: Graph) -> dict[str, Any]:
    """Return strategy, agreement, doubts, lacking hours and series; numbers are texts, exactly."""
    return {
        "strategy": graph.strategy,
        "agreed": list(graph.agreed),
        "doubts": [
            {"rule": d.rule, "message": d.message, "residual": text(d.residual),
             "tolerance": text(d.tolerance)}
            for d in graph.doubts
        ],
        "missing": list(graph.missing),
        "series": [_series(series) for series in graph.series],
    }  # fmt: skip


def _series(series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "unit": series.unit,
        "source": series.source,
        "precision": text(series.precision),
        "points": [point(one) for one in series.points],
    }


def point(told: Point) -> dict[str, Any]:
    """Return label, wall (ISO, naive), ordinal, instant (ISO, UTC), value and mark."""
    return {
        "label": told.label,
        "wall": told.wall.isoformat() if told.wall else None,
        "ordinal": told.ordinal,
        "instant": told.instant.isoformat() if told.instant else None,
        "value": text(told.value),
        "mark": told.mark,
    }


def text(value: Decimal | None) -> str | None:
    """Return a number without an exponent."""
    return None if value is None else f"{value:f}"
