"""Name every skipped test of a JUnit report; with PANORAMA_FORBID_SKIPS=1 a single one is a failure.

.venv/bin/python scripts/skipped.py .run/tests.xml
"""

import os
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main(report: Path) -> int:
    """Print SKIPPED lines. Returns an exit status."""
    skipped = [
        (f"{case.get('classname')}::{case.get('name')}", mark.get("message") or "")
        for case in ElementTree.parse(report).iter("testcase")
        for mark in case.iter("skipped")
        if mark.get("type") == "pytest.skip"
    ]
    for name, reason in skipped:
        print(f"SKIPPED {name}: {reason}")
    forbidden = os.environ.get("PANORAMA_FORBID_SKIPS") == "1"
    if skipped and forbidden:
        print(f"{len(skipped)} skipped where none may be", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
