"""What an application consists of: read from a plain Python module that defines it."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.supervisor import Process


@dataclass(frozen=True)
class Application:
    """`prepare` runs to its end, then `processes` are kept running, then `story` may be told."""

    prepare: Sequence[Process]
    processes: Sequence[Process]
    story: Process | None
    health_path: str


def read_procfile(path: Path, *, port: int) -> Application:
    """The application that `path` defines by PREPARE, PROCESSES, STORY and HEALTH_PATH.

    `{python}` and `{port}` in arguments are filled in.
    """
    spec = importlib.util.spec_from_file_location("embedded_procfile", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise EmbeddedError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def fill(process: Process) -> Process:
        words = {"{python}": sys.executable, "{port}": str(port)}
        return replace(process, argv=[_fill(word, words) for word in process.argv])

    try:
        story = module.STORY
        return Application(
            prepare=[fill(process) for process in module.PREPARE],
            processes=[fill(process) for process in module.PROCESSES],
            story=fill(story) if story is not None else None,
            health_path=module.HEALTH_PATH,
        )
    except AttributeError as error:
        raise EmbeddedError(f"{path}: {error}") from error


def _fill(text: str, words: dict[str, str]) -> str:
    for placeholder, value in words.items():
        text = text.replace(placeholder, value)
    return text
