"""What a policy version changes against the one in force, line by line of its form or of its flow."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Change:
    """One place with what stood there and what stands there now."""

    place: str
    before: str
    after: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every place whose value differs, in the order of the documents."""
    old, new = dict(_leaves(before, "")), dict(_leaves(after, ""))
    places = [*old, *(place for place in new if place not in old)]
    return [
        Change(place, old.get(place, NOTHING), new.get(place, NOTHING))
        for place in places
        if old.get(place) != new.get(place)
    ]


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{place} › {key}" if place else str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place} › {_name(item, number)}")
    else:
        yield place, value if isinstance(value, str) else json.dumps(value)


def _name(item: Any, number: int) -> str:
    """A row by its own name where it has one, so that a row put in between moves nothing."""
    if isinstance(item, Mapping):
        for key in ("grade", "code", "name", "id"):
            if isinstance(item.get(key), str):
                return str(item[key])
    return str(number + 1)
