"""Who may do what to a milestone: everyone signed in reads; those who answer for it report; the office does all."""

import rules

from accounts.models import User
from accounts.permissions import is_active, is_programme_office
from core.permissions import PermissionName, grant
from milestones.models import Milestone, MilestoneUpdate


class Perm(PermissionName):
    VIEW = "milestones.view"
    UPDATE = "milestones.update"
    """Report on a milestone: updates, evidence, links. Asked about a milestone."""
    CORRECT = "milestones.correct"
    """Correct an update. Asked about the update."""
    CONFIRM = "milestones.confirm"
    """Confirm an update as the senior responsible officer. Asked about a milestone."""
    CHANGE_DUE_DATE = "milestones.change_due_date"
    """Record an approved change of due date. Asked about a milestone."""
    MANAGE = "milestones.manage"
    """Create, reassign, withdraw and edit milestones."""


@rules.predicate
def answers_for(user: User, milestone: Milestone | None) -> bool:
    """Responsible, SRO or supporting. Without a milestone nobody answers for it.

    Lists that show a button a row prefetch `supporting_officers`; this then asks nothing of the database.
    """
    if milestone is None:
        return False
    if user.pk in (milestone.responsible_officer_id, milestone.sro_id):
        return True
    return any(person.pk == user.pk for person in milestone.supporting_officers.all())


@rules.predicate
def is_sro_of(user: User, milestone: Milestone | None) -> bool:
    return milestone is not None and user.pk == milestone.sro_id


@rules.predicate
def wrote(user: User, update: MilestoneUpdate | None) -> bool:
    return update is not None and user.pk == update.author_id


@rules.predicate
def answers_for_its_milestone(user: User, update: MilestoneUpdate | None) -> bool:
    return update is not None and answers_for(user, update.milestone)


grant(Perm.VIEW, is_active)
grant(Perm.UPDATE, is_programme_office | answers_for)
grant(Perm.CORRECT, is_programme_office | wrote | answers_for_its_milestone)
grant(Perm.CONFIRM, is_sro_of)
grant(Perm.CHANGE_DUE_DATE, is_programme_office | answers_for)
grant(Perm.MANAGE, is_programme_office)
