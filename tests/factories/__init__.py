"""Rows for tests, one factory a model. Names are role-like, never a real person's."""

from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.board import ReportingMonthFactory
from tests.factories.milestones import (
    DueDateChangeFactory,
    EvidenceFactory,
    MilestoneDependencyFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    PriorityAreaFactory,
)

__all__ = [
    "DueDateChangeFactory",
    "EvidenceFactory",
    "MilestoneDependencyFactory",
    "MilestoneFactory",
    "MilestoneUpdateFactory",
    "OrganisationFactory",
    "PriorityAreaFactory",
    "ReportingMonthFactory",
    "UserFactory",
]
