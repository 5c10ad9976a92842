import datetime as dt

import factory
from factory.django import DjangoModelFactory

from milestones.models import (
    DueDateChange,
    Evidence,
    Milestone,
    MilestoneDependency,
    MilestoneUpdate,
    PriorityArea,
    Status,
)
from tests.factories.accounts import LEARNED, UserFactory


class PriorityAreaFactory(DjangoModelFactory):
    class Meta:
        model = PriorityArea
        django_get_or_create = ("code",)

    code = "PA1"
    title = "Governance and oversight"
    kind = PriorityArea.Kind.PRIORITY_ACTION
    order = 1
    created_at = LEARNED


class MilestoneFactory(DjangoModelFactory):
    class Meta:
        model = Milestone

    reference = factory.Sequence(lambda n: f"PA1-{n:03d}")
    area = factory.SubFactory(PriorityAreaFactory)
    title = factory.Sequence(lambda n: f"Deliverable {n}")
    responsible_officer = factory.SubFactory(UserFactory)
    sro = factory.SubFactory(UserFactory)
    baseline_due_date = dt.date(2026, 3, 31)
    due_date = factory.SelfAttribute("baseline_due_date")
    added_on = dt.date(2025, 4, 1)
    created_at = LEARNED


class MilestoneUpdateFactory(DjangoModelFactory):
    """A history row alone: it does not move the milestone's current state, as the service does."""

    class Meta:
        model = MilestoneUpdate

    milestone = factory.SubFactory(MilestoneFactory)
    as_at = dt.date(2026, 1, 31)
    status = Status.ON_TRACK
    progress = "Going as planned."
    author = factory.SelfAttribute("milestone.responsible_officer")
    created_by = factory.SelfAttribute("author")
    created_at = LEARNED
    completed_on = factory.LazyAttribute(lambda row: row.as_at if row.status == Status.COMPLETED else None)
    correction_reason = factory.LazyAttribute(lambda row: "It was recorded wrongly." if row.supersedes else "")
    supersedes = None


class DueDateChangeFactory(DjangoModelFactory):
    class Meta:
        model = DueDateChange

    milestone = factory.SubFactory(MilestoneFactory)
    changed_on = dt.date(2025, 11, 1)
    from_date = dt.date(2026, 1, 31)
    to_date = dt.date(2026, 3, 31)
    reason = "The provider asked for more time."
    approved_by = factory.SelfAttribute("milestone.sro")
    created_at = LEARNED


class EvidenceFactory(DjangoModelFactory):
    class Meta:
        model = Evidence

    milestone = factory.SubFactory(MilestoneFactory)
    title = "Minutes that agree the terms of reference"
    dated = dt.date(2025, 12, 1)
    url = "https://localoffer.example/minutes"
    created_at = LEARNED


class MilestoneDependencyFactory(DjangoModelFactory):
    class Meta:
        model = MilestoneDependency

    blocker = factory.SubFactory(MilestoneFactory)
    dependent = factory.SubFactory(MilestoneFactory)
    created_at = LEARNED
