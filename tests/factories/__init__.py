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
from tests.factories.risks import (
    EscalationFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    shipped_matrix,
)

__all__ = [
    "DueDateChangeFactory",
    "EscalationFactory",
    "EvidenceFactory",
    "MilestoneDependencyFactory",
    "MilestoneFactory",
    "MilestoneUpdateFactory",
    "MitigationFactory",
    "MitigationUpdateFactory",
    "OrganisationFactory",
    "PriorityAreaFactory",
    "ReportingMonthFactory",
    "RiskFactory",
    "RiskReviewFactory",
    "RiskTargetFactory",
    "StateChangeFactory",
    "TargetPointFactory",
    "UserFactory",
    "shipped_matrix",
]
