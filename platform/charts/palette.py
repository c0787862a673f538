"""Colours by meaning. Marks carry the light colour as an attribute; the stylesheet overrides it.

Series colours keep a contrast of 3:1 with the surface (WCAG 2.2, 1.4.11) and stay apart under
deuteranopia, protanopia and tritanopia; text colours keep 4.5:1 (1.4.3). The tests compute both.
"""

from __future__ import annotations

from typing import Final

SERIES: Final = ("s1", "s2", "s3", "s4", "s5", "s6")
HEAT: Final = ("q0", "q1", "q2", "q3", "q4", "q5", "q6")
DASHES: Final = (None, "6 3", "2 3", "8 3 2 3", "4 2", "10 4")

LIGHT: Final[dict[str, str]] = {
    "surface": "#ffffff",
    "ink": "#1f2937",
    "muted": "#4b5563",
    "axis": "#9ca3af",
    "grid": "#e5e7eb",
    "track": "#e5e7eb",
    "s1": "#2563eb",
    "s2": "#e0600d",
    "s3": "#0aa967",
    "s4": "#6b0691",
    "s5": "#665e1d",
    "s6": "#b42c6a",
    "neutral": "#64748b",
    "good": "#2563eb",
    "bad": "#e0600d",
    "warn": "#a16207",
    "danger": "#c81e1e",
    "q0": "#b4420a",
    "q1": "#e0702a",
    "q2": "#f5a669",
    "q3": "#fbd9b8",
    "q4": "#cfe0fb",
    "q5": "#86b3f5",
    "q6": "#2f6fe4",
    "on-q0": "#ffffff",
    "on-q1": "#111827",
    "on-q2": "#111827",
    "on-q3": "#111827",
    "on-q4": "#111827",
    "on-q5": "#111827",
    "on-q6": "#ffffff",
}


def series(index: int) -> str:
    """The tone of the n-th series; after six the tones repeat and the dash tells them apart."""
    return SERIES[index % len(SERIES)]


def dash(index: int) -> str | None:
    """The dash of the n-th series, so that colour is never the only difference."""
    return DASHES[index % len(DASHES)]


def fill(tone: str, *extra: str) -> dict[str, str]:
    """Attributes that fill with a tone."""
    return {"class_": " ".join((f"ch-f-{tone}", *extra)), "fill": LIGHT[tone]}


def stroke(tone: str, *extra: str) -> dict[str, str]:
    """Attributes that stroke with a tone."""
    return {"class_": " ".join((f"ch-k-{tone}", *extra)), "stroke": LIGHT[tone]}
