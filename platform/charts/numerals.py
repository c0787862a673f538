"""Numbers as both languages read them: ASCII digits, a decimal point, commas for thousands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["number", "percent", "integer"]

_MINUS: Final = "\u2212"
_SCALES: Final = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def finite(value: float | None) -> float | None:
    """The value as a float, or None for None, NaN, infinities and what no axis can hold."""
    if value is None:
        return None
    held = float(value)
    return held if math.isfinite(held) and abs(held) <= 1e300 else None


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """How a quantity is written: percent multiplies by 100; unit stands after the digits."""

    kind: Kind = "number"
    digits: int | None = None
    unit: str = ""
    signed: bool = False

    def full(self, value: float | None) -> str:
        """The value for a tooltip or a label; an en dash where there is none."""
        held = finite(value)
        if held is None:
            return "\u2013"
        scaled = held * 100 if self.kind == "percent" else held
        digits = self._digits(scaled)
        size = abs(scaled)
        tiny = self.digits is None and 0 < size < 10.0**-digits
        text = _scientific(size) if tiny or size >= 1e15 else f"{size:,.{digits}f}"
        if self.digits is None and self.kind == "number" and "." in text and "e" not in text:
            text = text.rstrip("0").rstrip(".")
        if size and not text.strip("0.,"):
            least = self._dress(f"{10.0**-digits:.{digits}f}", negative=scaled < 0)
            return f">{least}" if scaled < 0 else f"<{least.lstrip('+')}"
        return self._dress(text, negative=scaled < 0)

    def tick(self, value: float, step: float) -> str:
        """The value beside a grid line: as many decimals as the step needs, k/M/B above."""
        factor = 100.0 if self.kind == "percent" else 1.0
        scaled, width = value * factor, abs(step * factor)
        size = abs(scaled)
        if width and size < width * 1e-9:
            return self._dress("0", negative=False)
        if size >= 1e15 or width < 1e-6:
            return self._dress(_scientific(size), negative=scaled < 0)
        suffix = ""
        for scale, letter in _SCALES:
            if (
                size >= scale
                and width >= scale / 100
                and (scale > 1e3 or size >= 1e4 or width >= 1e3)
            ):
                size, width, suffix = size / scale, width / scale, letter
                break
        text = f"{size:,.{_decimals(width)}f}{suffix}"
        return self._dress(text, negative=scaled < 0)

    def _digits(self, scaled: float) -> int:
        if self.digits is not None:
            return self.digits
        if self.kind == "integer":
            return 0
        if self.kind == "percent":
            return 1 if abs(scaled) >= 0.1 or scaled == 0 else 2
        return 0 if float(scaled).is_integer() else 1 if abs(scaled) >= 100 else 3

    def _dress(self, text: str, *, negative: bool) -> str:
        sign = _MINUS if negative else "+" if self.signed and text.strip("0.") else ""
        return f"{sign}{text}{'%' if self.kind == 'percent' else ''}{self.unit}"


def _scientific(size: float) -> str:
    mantissa, exponent = f"{size:.2e}".split("e")
    power = int(exponent)
    return f"{mantissa.rstrip('0').rstrip('.')}e{_MINUS if power < 0 else ''}{abs(power)}"


def _decimals(step: float) -> int:
    for digits in range(7):
        if abs(step * 10**digits - round(step * 10**digits)) < 1e-6 * max(1.0, step * 10**digits):
            return digits
    return 7


PLAIN: Final = NumberFormat()
PERCENT: Final = NumberFormat(kind="percent")
COUNT: Final = NumberFormat(kind="integer")
THREE: Final = NumberFormat(digits=3)
TWO: Final = NumberFormat(digits=2)
SIGNED: Final = NumberFormat(digits=2, signed=True)
POINTS: Final = NumberFormat(kind="integer", signed=True)
