"""Every write to the register. A form, an API call, a sheet's row and the demo loader all end here.

Each takes `by` (who) and `at` (when: services never ask the clock), runs in one transaction, checks the whole row and
raises ValidationError with what to do. Who may call one is the doors' question (`risks.permissions`).
"""

from risks.services.history import ReviewRow, record_reviews
from risks.services.levels import close_risk, move_level, reopen_risk
from risks.services.matrices import add_matrix, choose_matrix
from risks.services.mitigations import add_mitigation, refuse_kind_change, update_mitigation
from risks.services.people import hand_over_risks
from risks.services.register import add_risk, revise_risk
from risks.services.reviews import correct_review, next_review_after, review_risk
from risks.services.targets import set_target, target_faults_renamed

__all__ = [
    "ReviewRow",
    "add_matrix",
    "add_mitigation",
    "add_risk",
    "choose_matrix",
    "close_risk",
    "correct_review",
    "hand_over_risks",
    "move_level",
    "next_review_after",
    "record_reviews",
    "refuse_kind_change",
    "reopen_risk",
    "review_risk",
    "revise_risk",
    "set_target",
    "target_faults_renamed",
    "update_mitigation",
]
