"""Text that a spreadsheet would take for a formula, made harmless in a way that reading undoes exactly."""

import re
from collections.abc import Sequence
from typing import Any

# What Excel, LibreOffice and Google Sheets may begin a formula with (OWASP, "CSV Injection"); full-width signs too.
_RUNS = re.compile("'*[=+\\-@\t\r\n|%＝＋－＠]")  # noqa: RUF001 the full-width signs are meant
_FIRST = frozenset("'=+-@\t\r\n|%＝＋－＠")  # noqa: RUF001
_ESCAPED = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LONGEST_CELL = 32_767


def guarded(value: Any) -> Any:
    """For CSV, where everything is text: an apostrophe before what could run, as spreadsheets themselves use it."""
    return f"'{value}" if isinstance(value, str) and _RUNS.match(value) else value


def guarded_row(cells: Sequence[Any]) -> list[Any]:
    """`guarded`, for each cell of a row; looks closer only at text that begins like one."""
    return [guarded(cell) if type(cell) is str and cell[:1] in _FIRST else cell for cell in cells]


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text[1:]) else text


def storable(text: str) -> str:
    """For XML: without the characters that it cannot hold, and no longer than a cell (a sheet read back says that its
    end may be missing)."""
    return _ILLEGAL.sub("", text)[:LONGEST_CELL]


def storable_in_excel(text: str) -> str:
    """`storable`, with `_x0041_` written so that Excel does not take it for the letter."""
    return storable(_ESCAPED.sub("_x005F_x", text) if "_x" in text else text)
