"""Which tests run which line, from one run of the area's tests."""

import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from scripts.mutants.areas import Area


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """Test functions by file and line. `seconds` is what the area's tests took."""

    lines: dict[str, dict[int, list[str]]]
    area_tests: tuple[str, ...]
    seconds: float

    def tests_for(self, path: str, line: int) -> list[str]:
        """Tests that run the line; for what runs at import or is compiled, those that run anything of the file.

        The area's whole folders when no test enters the file's functions at all.
        """
        lines = self.lines.get(path, {})
        if lines.get(line):
            return lines[line]
        return sorted({test for tests in lines.values() for test in tests}) or list(self.area_tests)


def measure(root: Path, area: Area, folder: Path) -> CoverageMap:
    """Runs the area's tests under coverage with a context for each test. Raises RuntimeError when they fail."""
    data_file = folder / f"coverage-{area.name}"
    data_file.unlink(missing_ok=True)
    rc = folder / "coveragerc"
    rc.write_text(f"[run]\ndata_file = {data_file}\nsource = {root}\nparallel = false\n")
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--cov", "--cov-report=",
        f"--cov-config={rc}", "--cov-context=test", *area.tests,
    ]  # fmt: skip
    began = time.monotonic()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"The tests of {area.name} fail unchanged:\n{done.stdout[-3000:]}")
    seconds = time.monotonic() - began
    return CoverageMap(_lines(data_file, root, area), area.tests, seconds)


def _lines(data_file: Path, root: Path, area: Area) -> dict[str, dict[int, list[str]]]:
    data = CoverageData(str(data_file))
    try:
        data.read()
    except sqlite3.Error as error:
        raise RuntimeError(f"No coverage was written to {data_file}.") from error
    found: dict[str, dict[int, list[str]]] = {}
    for path in area.files(root):
        contexts = data.contexts_by_lineno(str(root / path))
        found[path] = {line: _functions(names) for line, names in contexts.items()}
    return found


def _functions(contexts: list[str]) -> list[str]:
    """`tests/a.py::test_b[case]|run` to `tests/a.py::test_b`, each once."""
    return sorted({name.split("|")[0].split("[")[0] for name in contexts if "::" in name})
