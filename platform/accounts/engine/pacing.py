"""How long to wait after a failure: some tries free, then a delay that doubles up to a longest one.

Nothing ever closes: a bound on the rate of guesses is what protects, and what cannot be turned against a person.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` tries without delay, then `first_seconds` doubling up to `longest_seconds`.

    Failures are forgotten `forget_seconds` after the last one.
    """

    free: int
    first_seconds: float
    longest_seconds: float
    forget_seconds: float = 24 * 3600.0


def delay_after(pace: Pace, failures: int) -> float:
    """Seconds until the next try once `failures` tries have failed."""
    if failures < pace.free:
        return 0.0
    # 2**60 is far beyond any longest delay and still a float.
    return min(pace.longest_seconds, pace.first_seconds * 2.0 ** min(failures - pace.free, 60))


def tries_within(pace: Pace, seconds: float) -> int:
    """The most tries anybody gets in a span of time: the stated bound of a guessing attack."""
    tries, clock = 0, 0.0
    while clock <= seconds:
        tries += 1
        delay = delay_after(pace, tries)
        if delay >= pace.longest_seconds:
            return tries + int((seconds - clock) // delay)
        clock += delay
    return tries
