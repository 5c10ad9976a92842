"""Who may read the board's figures, and who looks after months and imports."""

import rules

from accounts.models import Role, User
from accounts.permissions import is_active, is_programme_office
from core.permissions import PermissionName, grant


@rules.predicate
def has_own_work(user: User) -> bool:
    return user.has_role(Role.OFFICER, Role.SRO, Role.PROGRAMME_OFFICE, Role.ANALYST)


class Perm(PermissionName):
    VIEW_FIGURES = "board.view_figures"
    OWN_WORK = "board.own_work"
    """A home page of one's own; who only reads starts at the dashboard."""
    MANAGE_MONTHS = "board.manage_months"
    SIGN_OFF_MONTHS = "board.sign_off_months"
    """Seal a month's figures. The board's independent chair signs; until boards and their chairs are kept here, the
    programme office records it on the chair's behalf and notes where it was agreed."""
    IMPORT_SHEETS = "board.import_sheets"


grant(Perm.VIEW_FIGURES, is_active)
grant(Perm.OWN_WORK, has_own_work)
grant(Perm.MANAGE_MONTHS, is_programme_office)
grant(Perm.SIGN_OFF_MONTHS, is_programme_office)
grant(Perm.IMPORT_SHEETS, is_programme_office)
