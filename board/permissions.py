"""Who may read the board's figures, and who looks after months and imports."""

from accounts.permissions import is_active, is_programme_office
from core.permissions import PermissionName, grant


class Perm(PermissionName):
    VIEW_FIGURES = "board.view_figures"
    MANAGE_MONTHS = "board.manage_months"
    SIGN_OFF_MONTHS = "board.sign_off_months"
    """Seal a month's figures. The board's independent chair signs; until boards and their chairs are kept here, the
    programme office records it on the chair's behalf and notes where it was agreed."""
    IMPORT_SHEETS = "board.import_sheets"


grant(Perm.VIEW_FIGURES, is_active)
grant(Perm.MANAGE_MONTHS, is_programme_office)
grant(Perm.SIGN_OFF_MONTHS, is_programme_office)
grant(Perm.IMPORT_SHEETS, is_programme_office)
