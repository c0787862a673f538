"""Make .venv and install the pinned requirements, on a machine that has Python and maybe nothing else.

    python3 scripts/bootstrap.py [--dev]

Standard library only. Debian's Python comes without ensurepip, so pip itself is found in this order:
ensurepip, the system's pip, a pip wheel on the disk, a package index that pip's own configuration
names, Debian's package of the wheel (needs no root), and as root Debian's python3-venv. The variable
PANORAMA_BOOTSTRAP_WAYS (names from WAYS, comma-separated) restricts the search.
Does nothing when everything is installed already.
"""

import argparse
import base64
import configparser
import hashlib
import html.parser
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
WAYS_VARIABLE = "PANORAMA_BOOTSTRAP_WAYS"
OLDEST_PYTHON = (3, 11)
WHEEL_FOLDERS = ("/usr/share/python-wheels", "/usr/share/python3-wheels")
_WHEEL_NAME = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl$")
_SECONDS = 60


def main() -> int:
    """Bring .venv up to date. Returns an exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also the tools for tests and checks")
    options = parser.parse_args()
    if sys.version_info < OLDEST_PYTHON:
        return _give_up("Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    # The second file includes the first.
    files = ["requirements.txt", *(["requirements-dev.txt"] if options.dev else [])]
    wanted = _fingerprint(files)
    stamp = _read_stamp()
    if _venv_works(stamp) and stamp.get("files", {}).items() >= wanted.items():
        return 0
    if not _venv_works(stamp):
        _make_venv()
    if not _has_pip() and not _find_pip():
        return _give_up(NO_PIP)
    _say("Installing " + ", ".join(files))
    status = subprocess.call(
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--no-warn-script-location", "-r", files[-1]],
        cwd=CHECKOUT,
    )  # fmt: skip
    if status:
        return _give_up("pip could not install the requirements; see above.")
    merged = {**_read_stamp().get("files", {}), **wanted}
    STAMP.write_text(json.dumps({"checkout": str(CHECKOUT), "files": merged}, indent=1))
    return 0


# --- The virtual environment ------------------------------------------------------------------------


def _fingerprint(names: list[str]) -> dict[str, str]:
    """SHA-256 of each requirements file together with pyproject.toml, which `-e .` installs from."""
    project = (CHECKOUT / "pyproject.toml").read_bytes()
    return {
        name: hashlib.sha256((CHECKOUT / name).read_bytes() + project).hexdigest() for name in names
    }


def _read_stamp() -> dict[str, dict[str, str]]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _venv_works(stamp: dict[str, dict[str, str]]) -> bool:
    """A copied or moved environment has the old place in its scripts; a base Python may be gone."""
    if stamp.get("checkout", str(CHECKOUT)) != str(CHECKOUT) or not PYTHON.exists():
        return False
    code = "import sys; print(sys.prefix, *sys.version_info[:2], sep='|')"
    try:
        done = subprocess.run(
            [PYTHON, "-c", code], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except OSError:
        return False
    prefix, *version = done.stdout.strip().split("|")
    recent = version and tuple(map(int, version)) >= OLDEST_PYTHON
    return done.returncode == 0 and Path(prefix) == VENV and bool(recent)


def _make_venv() -> None:
    _say(f"Making {VENV}")
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], check=True
    )


def _has_pip() -> bool:
    return _quietly(PYTHON, "-m", "pip", "--version")


def _find_pip() -> bool:
    chosen = os.environ.get(WAYS_VARIABLE)
    names = chosen.split(",") if chosen else list(WAYS)
    for name in names:
        try:
            WAYS[name]()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            _say(f"  pip by way of {name}: {error}")
        if _has_pip():
            _say(f"pip came by way of {name}")
            return True
    return False


# --- Ways to pip ------------------------------------------------------------------------------------


def _by_ensurepip() -> None:
    _quietly(PYTHON, "-m", "ensurepip", "--default-pip")


def _by_system_pip() -> None:
    for python in dict.fromkeys((sys.executable, getattr(sys, "_base_executable", ""), "python3")):
        if python and _quietly(python, "-m", "pip", "--python", PYTHON, "install", "pip"):
            return
    pip = shutil.which("pip3") or shutil.which("pip")
    if pip is not None:
        _quietly(pip, "--python", PYTHON, "install", "pip")


def _by_wheel_on_disk() -> None:
    folders = [Path(folder) for folder in (*WHEEL_FOLDERS, *_find_links())]
    folders += sorted(Path(sys.base_prefix, "lib").glob("python3*/ensurepip/_bundled"))
    _install_newest(folders)


def _by_index() -> None:
    for index in _indexes():
        with tempfile.TemporaryDirectory() as folder:
            try:
                if _download_pip(index, Path(folder)):
                    _install_newest([Path(folder)])
                    return
            except (urllib.error.URLError, OSError, ValueError) as error:
                _say(f"  {_without_password(index)}: {error}")


def _by_debian_download() -> None:
    """Debian carries pip's wheel in a package; fetching and unpacking it needs no root."""
    with tempfile.TemporaryDirectory() as folder:
        if not _quietly("apt-get", "download", "python3-pip-whl", folder=folder):
            if os.geteuid() != 0 or not _quietly("apt-get", "update"):
                return
            _quietly("apt-get", "download", "python3-pip-whl", folder=folder)
        for package in Path(folder).glob("*.deb"):
            _quietly("dpkg-deb", "-x", package, folder)
        _install_newest(list(Path(folder).glob("usr/share/python*wheels")))


def _by_debian_install() -> None:
    if os.geteuid() != 0:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends")
    if not _quietly(*install, package) and _quietly("apt-get", "update"):
        _quietly(*install, package)
    _by_ensurepip()


WAYS: dict[str, Callable[[], None]] = {
    "ensurepip": _by_ensurepip,
    "system-pip": _by_system_pip,
    "wheel-on-disk": _by_wheel_on_disk,
    "index": _by_index,
    "debian-download": _by_debian_download,
    "debian-install": _by_debian_install,
}
NO_PIP = """pip could not be had. Any one of these helps:
  - as root: apt-get install python3-venv (or your system's package of that kind);
  - PIP_INDEX_URL or a pip.conf that names your package index;
  - PIP_FIND_LINKS naming a folder that holds a pip wheel."""


def _install_newest(folders: list[Path]) -> None:
    """Run the newest pip wheel straight from its zip, to install itself."""
    wheels = [
        (_version(found.group(1)), path)
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if (found := _WHEEL_NAME.match(path.name))
    ]
    for _, path in sorted(wheels, reverse=True):
        if _quietly(PYTHON, f"{path}/pip", "install", "--no-index", "--no-deps", path):
            return


# --- pip's configuration ----------------------------------------------------------------------------


def _configured(option: str) -> list[str]:
    """Values of one of pip's options: its variable first, then its files, nearest first."""
    values = os.environ.get("PIP_" + option.upper().replace("-", "_"), "").split()
    for path in _config_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path)
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("install", "download", "global"):
            values += parser.get(section, option, fallback="").split()
    return list(dict.fromkeys(values))


def _config_files() -> Iterator[Path]:
    home = Path.home()
    if given := os.environ.get("PIP_CONFIG_FILE"):
        if given == os.devnull:
            return
        yield Path(given)
    yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(sys.base_prefix, "pip.conf")
    yield Path("/etc/pip.conf")
    for folder in (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")


def _find_links() -> list[str]:
    return [link.removeprefix("file://") for link in _configured("find-links")]


def _indexes() -> list[str]:
    return [*_configured("index-url"), *_configured("extra-index-url")]


# --- A package index (the "simple" interface, JSON or HTML) -----------------------------------------


@dataclass(frozen=True)
class Link:
    """One file that an index offers."""

    url: str
    name: str
    sha256: str
    requires: str


class _Anchors(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append({name: value or "" for name, value in attrs})


def _download_pip(index: str, folder: Path) -> bool:
    """Fetch the newest pip wheel that suits this Python, checked against the index' own hash."""
    page = index.rstrip("/") + "/pip/"
    suitable = [link for link in _links(page) if _WHEEL_NAME.match(link.name) and _suits(link)]
    if not suitable:
        return False
    best = max(suitable, key=lambda link: _version(_WHEEL_NAME.match(link.name).group(1)))  # type: ignore[union-attr]
    content, _ = _fetch(best.url)
    if best.sha256 and hashlib.sha256(content).hexdigest() != best.sha256:
        raise ValueError(f"{best.name} does not have the hash that the index states")
    (folder / best.name).write_bytes(content)
    return True


def _links(page: str) -> list[Link]:
    content, kind = _fetch(page)
    if "json" in kind:
        return [
            Link(
                url=urllib.parse.urljoin(page, item["url"]),
                name=item["filename"],
                sha256=item.get("hashes", {}).get("sha256", ""),
                requires=item.get("requires-python") or "",
            )
            for item in json.loads(content)["files"]
        ]
    anchors = _Anchors()
    anchors.feed(content.decode("utf-8", "replace"))
    links = []
    for anchor in anchors.found:
        url, _, fragment = urllib.parse.urljoin(page, anchor.get("href", "")).partition("#")
        name = urllib.parse.unquote(url.rpartition("/")[2])
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        links.append(Link(url, name, sha256, anchor.get("data-requires-python", "")))
    return links


def _fetch(url: str) -> tuple[bytes, str]:
    """Content and content type. A `file:` folder answers with its index.html."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        path = Path(urllib.request.url2pathname(parts.path))
        return (path / "index.html" if path.is_dir() else path).read_bytes(), "text/html"
    headers = {"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5"}
    if parts.username:
        login = (
            f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        )
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    certificates = next(iter(_configured("cert")), None)
    context = ssl.create_default_context(cafile=certificates)
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:
        return answer.read(), answer.headers.get("Content-Type", "")


def _suits(link: Link) -> bool:
    """Whether this Python meets every `>=` of the link's requirement."""
    lowest = re.findall(r">=\s*(\d+(?:\.\d+)*)", link.requires)
    return all(sys.version_info[:3] >= _version(text) for text in lowest)


# --- Small things -----------------------------------------------------------------------------------


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _without_password(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _quietly(*command: object, folder: str | None = None) -> bool:
    """Run a command without its output; whether it succeeded."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _say(text: str) -> None:
    print(text, flush=True)


def _give_up(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
