"""Every write to the plan. A form, an API call, a sheet's row and the demo loader all end here.

Each takes `by` (who) and `at` (when: services never ask the clock), runs in one transaction, checks the whole row and
raises ValidationError with what to do. Who may call one is the doors' question (`milestones.permissions`).
"""

from milestones.services.date_history import DueDateRow, record_due_date_history
from milestones.services.dates import change_due_date, may_approve
from milestones.services.dependencies import link_milestones, unlink_milestones
from milestones.services.drafts import discard_draft, save_draft
from milestones.services.evidence import add_evidence, withdraw_evidence
from milestones.services.history import UpdateRow, record_history
from milestones.services.people import hand_over, reassign
from milestones.services.plan import (
    MilestoneRow,
    add_milestone,
    add_milestones,
    add_priority_area,
    revise_milestone,
    revise_priority_area,
    withdraw_milestone,
)
from milestones.services.reports import report
from milestones.services.updates import confirm_update, correct_update, record_update

__all__ = [
    "DueDateRow",
    "MilestoneRow",
    "UpdateRow",
    "add_evidence",
    "add_milestone",
    "add_milestones",
    "add_priority_area",
    "change_due_date",
    "confirm_update",
    "correct_update",
    "discard_draft",
    "hand_over",
    "link_milestones",
    "may_approve",
    "reassign",
    "record_due_date_history",
    "record_history",
    "record_update",
    "report",
    "revise_milestone",
    "revise_priority_area",
    "save_draft",
    "unlink_milestones",
    "withdraw_evidence",
    "withdraw_milestone",
]
