"""What the worker does for the board, one file a subject. Celery finds the tasks that are named here."""

from board.tasks.imports import check_sheet, import_sheet, resume_sheets
from board.tasks.rollups import (
    finish_month,
    roll_up_month,
    roll_up_open_months,
    roll_up_previous_month,
    roll_up_section,
)

__all__ = [
    "check_sheet",
    "finish_month",
    "import_sheet",
    "resume_sheets",
    "roll_up_month",
    "roll_up_open_months",
    "roll_up_previous_month",
    "roll_up_section",
]
