"""The Priority Action Plan: areas, milestones, and everything that is ever said about one, dated and kept."""

from milestones.models.changes import DueDateChange, MilestoneChange
from milestones.models.dependencies import DependencyQuerySet, MilestoneDependency
from milestones.models.evidence import Evidence, EvidenceQuerySet, EvidenceWithdrawal
from milestones.models.plan import Milestone, MilestoneQuerySet, PriorityArea, reference_validator
from milestones.models.ratings import STATUS_RANK, TREND_MONTHS, Impact, Status, Trend
from milestones.models.updates import MilestoneDraft, MilestoneUpdate, UpdateConfirmation, UpdateQuerySet

__all__ = [
    "STATUS_RANK",
    "TREND_MONTHS",
    "DependencyQuerySet",
    "DueDateChange",
    "Evidence",
    "EvidenceQuerySet",
    "EvidenceWithdrawal",
    "Impact",
    "Milestone",
    "MilestoneChange",
    "MilestoneDependency",
    "MilestoneDraft",
    "MilestoneQuerySet",
    "MilestoneUpdate",
    "PriorityArea",
    "Status",
    "Trend",
    "UpdateConfirmation",
    "UpdateQuerySet",
    "reference_validator",
]
