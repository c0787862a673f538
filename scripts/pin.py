"""Write requirements.txt and requirements-dev.txt from what the virtual environment holds.

    .venv/bin/python scripts/pin.py

requirements.in and requirements-dev.in name what the project uses itself; the written files pin these
and everything they pull in. To take a package in or up: name it there, install it, run this, commit.
"""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[1]
HEADER = """\
# Written by scripts/pin.py from {source}; do not edit.
"""
NO_HASHES = """\
# No hashes: pip cannot check them for the last line, and then refuses to check them for any.
"""


def main() -> int:
    """Write both files. Returns an exit status."""
    direct = _read("requirements.in")
    tools = _read("requirements-dev.in")
    try:
        run_time = _closure(direct)
        everything = _closure([*direct, *tools])
    except PackageNotFoundError as error:
        print(f"{error.name} is named but not installed", file=sys.stderr)
        return 1
    only_tools = {name: pin for name, pin in everything.items() if name not in run_time}
    _write(
        "requirements.txt", HEADER.format(source="requirements.in") + NO_HASHES, run_time, "-e ."
    )
    header = HEADER.format(source="requirements-dev.in") + "-r requirements.txt\n"
    _write("requirements-dev.txt", header, only_tools, "")
    print(f"{len(run_time)} packages to run, {len(only_tools)} more to test and check")
    return 0


def _read(name: str) -> list[Requirement]:
    lines = (CHECKOUT / name).read_text().splitlines()
    texts = (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines)
    return [Requirement(text) for text in texts if text]


def _closure(wanted: Iterable[Requirement]) -> dict[str, str]:
    """Canonical name to `name==version` of the wanted and all that they need here."""
    pins: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    queue = [(requirement, extra) for requirement in wanted for extra in _extras(requirement)]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in done:
            continue
        done.add((name, extra))
        found = distribution(requirement.name)
        if requirement.specifier and not requirement.specifier.contains(
            found.version, prereleases=True
        ):
            raise SystemExit(f"{requirement} is wanted, {found.version} is installed")
        pins[name] = f"{name}=={found.version}"
        for text in found.requires or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                queue += [(need, more) for more in _extras(need)]
    return pins


def _extras(requirement: Requirement) -> list[str]:
    return ["", *sorted(requirement.extras)]


def _write(name: str, header: str, pins: dict[str, str], last: str) -> None:
    lines = [pins[key] for key in sorted(pins)]
    (CHECKOUT / name).write_text(header + "\n".join([*lines, *([last] if last else [])]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
