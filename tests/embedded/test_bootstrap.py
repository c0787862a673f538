"""Finding pip on a machine without ensurepip: configuration, index pages, wheels."""

import functools
import hashlib
import http.server
import importlib.util
import json
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
WHEEL = "pip-24.0-py3-none-any.whl"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bootstrap = load("bootstrap")
skipped = load("skipped")


@pytest.fixture(autouse=True)
def no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No pip configuration of this machine reaches these tests, but for the system-wide files."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg-system"))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A package index on this machine: its address and the folder that it shows."""
    root = tmp_path / "index"
    (root / "pip").mkdir(parents=True)
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", root
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        return


def page(*links: str) -> str:
    return "<html><body>" + "".join(links) + "</body></html>"


def put_pip(root: Path, name: str, content: bytes) -> str:
    (root / "pip" / name).write_bytes(content)
    return f'<a href="{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>'


def test_newest_suitable_wheel_is_fetched_and_checked(
    index: tuple[str, Path], tmp_path: Path
) -> None:
    address, root = index
    future = '<a href="pip-99.0-py3-none-any.whl" data-requires-python="&gt;=3.99">x</a>'
    older, newer = (
        put_pip(root, WHEEL, b"older"),
        put_pip(root, "pip-24.10-py3-none-any.whl", b"newer"),
    )
    source = put_pip(root, "pip-25.0.tar.gz", b"source")
    (root / "pip" / "index.html").write_text(page(newer, future, older, source))
    assert bootstrap._download_pip(address + "/", tmp_path)
    assert (tmp_path / "pip-24.10-py3-none-any.whl").read_bytes() == b"newer"
    assert not (tmp_path / WHEEL).exists()


def test_wheel_that_differs_from_the_stated_hash_is_refused(
    index: tuple[str, Path], tmp_path: Path
) -> None:
    address, root = index
    link = put_pip(root, WHEEL, b"as stated")
    (root / "pip" / WHEEL).write_bytes(b"tampered")
    (root / "pip" / "index.html").write_text(page(link))
    with pytest.raises(ValueError, match="hash"):
        bootstrap._download_pip(address, tmp_path)
    assert not (tmp_path / WHEEL).exists()


def test_json_pages_and_file_folders_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [{"filename": WHEEL, "url": f"../{WHEEL}", "hashes": {"sha256": "ab"}}]
    content = json.dumps({"files": files}).encode()
    with monkeypatch.context() as patch:
        patch.setattr(
            bootstrap, "_fetch", lambda url: (content, "application/vnd.pypi.simple.v1+json")
        )
        assert bootstrap._links("http://host/simple/pip/") == [
            bootstrap.Link(f"http://host/simple/{WHEEL}", WHEEL, "ab", "")
        ]
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "index.html").write_text(page(f'<a href="{WHEEL}">x</a>'))
    found = bootstrap._links(f"file://{tmp_path}/pip/")
    assert [(link.url, link.name) for link in found] == [(f"file://{tmp_path}/pip/{WHEEL}", WHEEL)]


def test_configuration_comes_from_variables_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "xdg" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text(
        "[global]\nindex-url = http://file/simple\nfind-links =\n    /one\n    file:///two\n"
        "[install]\nextra-index-url = http://more/simple\n"
    )
    named = tmp_path / "named.conf"
    named.write_text("[global]\nindex-url = http://named/simple\n")
    monkeypatch.setenv("PIP_INDEX_URL", "http://variable/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(named))
    assert bootstrap._indexes()[:3] == [
        "http://variable/simple",
        "http://named/simple",
        "http://file/simple",
    ]
    assert "http://more/simple" in bootstrap._indexes()
    assert bootstrap._find_links()[:2] == ["/one", "/two"]


def test_newest_wheel_on_disk_is_run_from_its_zip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, status in (("9.0", 0), ("24.0", 0), ("24.1", 1)):
        with zipfile.ZipFile(tmp_path / f"pip-{version}-py3-none-any.whl", "w") as archive:
            record = f"open({str(tmp_path / 'ran')!r}, 'a').write('{version} ')"
            archive.writestr("pip/__main__.py", f"{record}\nraise SystemExit({status})")
    monkeypatch.setattr(bootstrap, "PYTHON", Path(sys.executable))
    bootstrap._install_newest([tmp_path / "absent", tmp_path])
    # The newest failed, the next did it: compared as numbers, not as text.
    assert (tmp_path / "ran").read_text() == "24.1 24.0 "


def test_skips_are_named_and_forbidden_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "tests.xml"
    case = '<testcase classname="tests.browser" name="test_walk">{}</testcase>'
    report.write_text(case.format('<skipped type="pytest.skip" message="no chromium"/>'))
    monkeypatch.delenv("PANORAMA_FORBID_SKIPS", raising=False)
    assert skipped.main(report) == 0
    assert capsys.readouterr().out == "SKIPPED tests.browser::test_walk: no chromium\n"
    monkeypatch.setenv("PANORAMA_FORBID_SKIPS", "1")
    assert skipped.main(report) == 1
    report.write_text(case.format(""))
    assert skipped.main(report) == 0
