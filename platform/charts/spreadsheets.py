"""Text that no office program takes for a formula: one rule for every export."""

import re

# What starts a formula (=, +, -, @, their full-width forms) or calls one (|, %) once the leading blanks that office
# programs drop are gone; a tab or a line break moves what follows into a cell of its own. After OWASP's page on CSV
# injection.
_LIVE = re.compile(r"[\s\x00-\x1f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)", re.ASCII)


def harmless(text: str) -> str:
    """The text, with an apostrophe before it when an office program would run it.

    A plain signed number ("-12.5") stays as it is: it computes nothing.
    """
    if _LIVE.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
