"""Turn the translations (.po) into what gettext reads (.mo), without gettext's own tools.

.venv/bin/python scripts/compile_messages.py

The .mo files are committed, so that nothing has to be compiled at installation; a test holds them to their .po.
Format: GNU gettext manual, "The Format of GNU MO Files".
"""

import ast
import re
import struct
import sys
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[1] / "platform" / "config" / "locale"
_LINE = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$')
# A merge by union may lose the empty line between two messages; neither is lost with it.
_GLUED = re.compile(r'^(msgstr.*\n(?:".*"\n)*)(?=#|msgctxt |msgid )', re.MULTILINE)
_MAGIC, _HEADER_BYTES = 0x950412DE, 28


def read_po(text: str) -> dict[str, str]:
    """Messages by key as gettext stores them: context, EOT, message, NUL, plural. Fuzzy and empty ones are left out."""
    out: dict[str, str] = {}
    for block in _GLUED.sub(r"\1\n", text).split("\n\n"):
        lines = block.splitlines()
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        entry = _entry(lines)
        if "msgid" not in entry:
            continue
        key = entry["msgid"]
        if "msgid_plural" in entry:
            key += "\0" + entry["msgid_plural"]
        if "msgctxt" in entry:
            key = entry["msgctxt"] + "\x04" + key
        forms = [entry[name] for name in sorted(entry) if name.startswith("msgstr")]
        if all(forms):
            out[key] = "\0".join(forms)
    return out


def _entry(lines: list[str]) -> dict[str, str]:
    entry: dict[str, str] = {}
    name = ""
    for line in lines:
        if match := _LINE.match(line):
            name = match[1]
            entry[name] = ast.literal_eval(match[2])
        elif line.startswith('"') and name:
            entry[name] += ast.literal_eval(line)
    return entry


def compiled(messages: dict[str, str]) -> bytes:
    """The bytes of an .mo file: sorted keys, no hash table."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items())
    count, keys, values, tables = len(pairs), b"", b"", []
    data_start = _HEADER_BYTES + 16 * count
    key_bytes = sum(len(key) + 1 for key, _value in pairs)
    for key, _value in pairs:
        tables.append((len(key), data_start + len(keys)))
        keys += key + b"\0"
    for _key, value in pairs:
        tables.append((len(value), data_start + key_bytes + len(values)))
        values += value + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, count, _HEADER_BYTES, _HEADER_BYTES + 8 * count, 0, 0)
    return head + b"".join(struct.pack("<2I", *row) for row in tables) + keys + values


def main() -> int:
    for po in sorted(LOCALES.rglob("*.po")):
        po.with_suffix(".mo").write_bytes(compiled(read_po(po.read_text(encoding="utf-8"))))
        print(po.with_suffix(".mo").relative_to(LOCALES.parents[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
