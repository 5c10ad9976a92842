"""The plan as spreadsheets: priority areas, milestones, their updates and the moves of their due dates."""

from milestones.resources.areas import PriorityAreaResource
from milestones.resources.history import DueDateChangeResource, MilestoneUpdateResource
from milestones.resources.tracker import MilestoneResource

__all__ = ["DueDateChangeResource", "MilestoneResource", "MilestoneUpdateResource", "PriorityAreaResource"]
