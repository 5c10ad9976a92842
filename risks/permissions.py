"""Who may do what to a risk: everyone signed in reads; its owner reviews and mitigates; the office does all."""

import rules

from accounts.models import User
from accounts.permissions import is_active, is_programme_office
from core.permissions import PermissionName, grant
from risks.models import Mitigation, Risk, RiskReview


class Perm(PermissionName):
    VIEW = "risks.view"
    REVIEW = "risks.review"
    """Score a risk, set its target and trajectory, add mitigations. Asked about a risk."""
    CORRECT = "risks.correct"
    """Correct a review. Asked about the review."""
    MITIGATE = "risks.mitigate"
    """Say how a mitigation stands. Asked about the mitigation."""
    ESCALATE = "risks.escalate"
    """Bring a risk before the Improvement Board. Asked about a risk: who owns one may always raise it."""
    DE_ESCALATE = "risks.de_escalate"
    """Hand a risk back to the Operations Board: a decision that the programme office records."""
    MANAGE = "risks.manage"
    """Add, edit, close and open risks, and choose the matrix they are scored on."""


@rules.predicate
def owns(user: User, risk: Risk | None) -> bool:
    return risk is not None and user.pk == risk.owner_id


@rules.predicate
def owns_its_risk(user: User, review: RiskReview | None) -> bool:
    return review is not None and owns(user, review.risk)


@rules.predicate
def wrote(user: User, review: RiskReview | None) -> bool:
    return review is not None and user.pk == review.reviewer_id


@rules.predicate
def carries_out(user: User, mitigation: Mitigation | None) -> bool:
    return mitigation is not None and user.pk in (mitigation.owner_id, mitigation.risk.owner_id)


grant(Perm.VIEW, is_active)
grant(Perm.REVIEW, is_programme_office | owns)
grant(Perm.CORRECT, is_programme_office | wrote | owns_its_risk)
grant(Perm.MITIGATE, is_programme_office | carries_out)
grant(Perm.ESCALATE, is_programme_office | owns)
grant(Perm.DE_ESCALATE, is_programme_office)
grant(Perm.MANAGE, is_programme_office)
