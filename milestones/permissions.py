"""Who may do what to a milestone: everyone signed in reads; those who answer for it report; the office does all."""

import rules

from accounts.models import User
from accounts.permissions import is_active, is_programme_office
from core.permissions import PermissionName, grant
from milestones.models import Milestone


class Perm(PermissionName):
    VIEW = "milestones.view"
    UPDATE = "milestones.update"
    CONFIRM = "milestones.confirm"
    MANAGE = "milestones.manage"
    """Create, reassign, withdraw and edit milestones."""


@rules.predicate
def answers_for(user: User, milestone: Milestone | None) -> bool:
    """Responsible, SRO or supporting. Without a milestone: might answer for some, so the page may be asked for."""
    if milestone is None:
        return False
    if user.pk in (milestone.responsible_officer_id, milestone.sro_id):
        return True
    return milestone.supporting_officers.filter(pk=user.pk).exists()


@rules.predicate
def is_sro_of(user: User, milestone: Milestone | None) -> bool:
    return milestone is not None and user.pk == milestone.sro_id


grant(Perm.VIEW, is_active)
grant(Perm.UPDATE, is_programme_office | answers_for)
grant(Perm.CONFIRM, is_sro_of)
grant(Perm.MANAGE, is_programme_office)
