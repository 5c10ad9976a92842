"""A workbook to fill in: a kind's headings with lists to choose from, and a second sheet that explains them."""

import tempfile
from typing import Any

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from core.sheets.columns import Column
from core.sheets.resources import SheetResource
from core.sheets.widgets import ChoicesWidget, ChoiceWidget, DateWidget
from core.sheets.writing.files import CONTENT_TYPES

ROWS = 1000


def blank_sheet(resource: type[SheetResource]) -> FileResponse:
    book = Workbook()
    sheet = book.active
    sheet.title = resource.title[:31]
    sheet.freeze_panes = "B2"
    for position, column in enumerate(resource.fields.values(), start=1):
        letter = get_column_letter(position)
        heading = sheet.cell(1, position, column.heading)
        _dress(heading)
        sheet.column_dimensions[letter].width = max(14, min(len(column.heading) + 6, 32))
        cells = f"{letter}2:{letter}{ROWS}"
        if isinstance(column.widget, DateWidget):
            sheet.column_dimensions[letter].number_format = "dd/mm/yyyy"
            # In the UK people type 31/3/26 into a cell that shows them a date.
            for row in range(2, 200):
                sheet.cell(row, position).number_format = "dd/mm/yyyy"
        elif isinstance(column.widget, ChoiceWidget) and not isinstance(column.widget, ChoicesWidget):
            sheet.add_data_validation(_list(column, cells))
    _explain(book.create_sheet("How to fill it in"), resource)
    file = tempfile.SpooledTemporaryFile(max_size=2_000_000)  # noqa: SIM115 the response closes it
    book.save(file)
    file.seek(0)
    name = f"{resource.kind}-blank.xlsx"
    return FileResponse(file, as_attachment=True, filename=name, content_type=CONTENT_TYPES["xlsx"])


def _list(column: Column, cells: str) -> DataValidation:
    labels = ",".join(str(choice.label) for choice in column.widget.choices)
    # Warns and lets through: the initial or the colour is read as well.
    rule = DataValidation(type="list", formula1=f'"{labels}"', allow_blank=True, errorStyle="warning")
    rule.add(cells)
    return rule


def _explain(sheet: Any, resource: type[SheetResource]) -> None:
    sheet.append(["Heading of the column", "Needed", "What to write", "Other headings that are understood"])
    for cell in sheet[1]:
        _dress(cell)
    for column in resource.fields.values():
        sheet.append([column.heading, "" if column.optional else "Yes", column.guidance, ", ".join(column.also)])
    for letter, width in zip("ABCD", (24, 9, 70, 45), strict=True):
        sheet.column_dimensions[letter].width = width


def _dress(cell: Any) -> None:
    cell.font = Font(bold=True, color="FFFFFF")
    cell.fill = PatternFill("solid", fgColor="0B3C5D")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
