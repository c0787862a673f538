"""The Chinese translation: complete for the templates, compiled as committed, placeholders kept."""

import gettext
import io
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from compile_messages import LOCALES, compiled, read_po  # noqa: E402

PO = LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po"
MESSAGES = read_po(PO.read_text(encoding="utf-8"))
TEMPLATES = sorted(
    path
    for part in ("platform", "tenants", "scoring", "marketing", "acquisition")
    for path in (ROOT / part).rglob("*.html")
)
_SAID = re.compile(r"""\{%\s*translate\s+(?:"([^"]+)"|'([^']+)')""")
_PLACE = re.compile(r"%\(\w+\)s")


def own_and_django() -> set[str]:
    """What our file and Django's own translations know."""
    import django

    base = Path(django.__file__).parent
    known = {key.split("\0")[0] for key in MESSAGES}
    for part in ("conf", "contrib/admin", "contrib/auth"):
        with (base / part / "locale/zh_Hans/LC_MESSAGES/django.mo").open("rb") as file:
            known |= {k for k in gettext.GNUTranslations(file)._catalog if isinstance(k, str)}
    return known


def test_committed_mo_is_what_the_po_compiles_to():
    assert PO.with_suffix(".mo").read_bytes() == compiled(MESSAGES)


def test_python_reads_what_was_compiled():
    found = gettext.GNUTranslations(io.BytesIO(compiled(MESSAGES)))
    assert found.gettext("Model runs") == "模型训练"
    assert found.ngettext("%(n)s column", "%(n)s columns", 3) == "%(n)s 列"


def test_messages_without_an_empty_line_between_them_are_both_read():
    text = 'msgid "a"\nmsgstr ""\n"A"\n#, python-format\nmsgid "b"\nmsgstr "B"\nmsgctxt "x"\nmsgid "c"\nmsgstr "C"\n'
    assert read_po(text) == {"a": "A", "b": "B", "x\x04c": "C"}


def test_placeholders_survive_translation():
    for key, value in MESSAGES.items():
        if key:
            assert set(_PLACE.findall(key)) == set(_PLACE.findall(value)), key


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_of_a_template_is_translated(path):
    said = {a or b for a, b in _SAID.findall(path.read_text(encoding="utf-8"))}
    missing = {
        text.replace("%", "%%") if text.replace("%", "%%") in MESSAGES else text for text in said
    }
    assert missing - own_and_django() == set()
