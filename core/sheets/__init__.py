"""Spreadsheets in and out, for every kind of row: a resource declares columns, the rest is here.

In: `read_sheet`. Out: `download` for pages, `write_sheet` for the command. `docs/import-formats.md` is what people
are told; `CONTRIBUTING.md` says how to add a kind.
"""

from core.sheets.columns import Column
from core.sheets.headings import suggested
from core.sheets.importing import read_sheet
from core.sheets.mapping import AS_HEADED, ColumnMapping, label_key
from core.sheets.report import Line, Report
from core.sheets.resources import Difference, Row, RowFault, Run, SheetResource, save_sound
from core.sheets.writing import FORMATS, blank_sheet, csv_pieces, download, write_rows, write_sheet

__all__ = [
    "AS_HEADED",
    "FORMATS",
    "Column",
    "ColumnMapping",
    "Difference",
    "Line",
    "Report",
    "Row",
    "RowFault",
    "Run",
    "SheetResource",
    "blank_sheet",
    "csv_pieces",
    "download",
    "label_key",
    "read_sheet",
    "save_sound",
    "suggested",
    "write_rows",
    "write_sheet",
]
