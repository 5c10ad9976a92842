"""Pages of the plan, one file a subject."""

from milestones.views.dates import DueDateMove
from milestones.views.dependencies import DependencyAdd, DependencyEnd
from milestones.views.detail import MilestoneDetail
from milestones.views.evidence import EvidenceAdd, EvidenceFile, EvidenceWithdraw
from milestones.views.lists import MilestoneList
from milestones.views.plan import MilestoneAdd, MilestoneEdit, MilestoneReassign, MilestoneWithdraw
from milestones.views.returns import ReturnsPage
from milestones.views.updates import DraftDiscard, UpdateConfirm, UpdateCorrect, UpdatePage

__all__ = [
    "DependencyAdd",
    "DependencyEnd",
    "DraftDiscard",
    "DueDateMove",
    "EvidenceAdd",
    "EvidenceFile",
    "EvidenceWithdraw",
    "MilestoneAdd",
    "MilestoneDetail",
    "MilestoneEdit",
    "MilestoneList",
    "MilestoneReassign",
    "MilestoneWithdraw",
    "ReturnsPage",
    "UpdateConfirm",
    "UpdateCorrect",
    "UpdatePage",
]
