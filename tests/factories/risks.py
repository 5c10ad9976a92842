import datetime as dt

import factory
from factory.django import DjangoModelFactory

from risks.models import (
    Escalation,
    Level,
    Mitigation,
    MitigationKind,
    MitigationStatus,
    MitigationUpdate,
    Risk,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    StateChange,
    TargetPoint,
)
from tests.factories.accounts import LEARNED, UserFactory


def shipped_matrix(code: str = "five-by-five") -> RiskMatrix:
    """One of the matrices that migrations bring."""
    return RiskMatrix.objects.get(code=code)


class RiskFactory(DjangoModelFactory):
    class Meta:
        model = Risk

    reference = factory.Sequence(lambda n: f"R{n:03d}")
    title = factory.Sequence(lambda n: f"Something that could go wrong {n}")
    level = Level.OPERATIONAL
    first_level = factory.SelfAttribute("level")
    owner = factory.SubFactory(UserFactory)
    inherent_matrix = factory.LazyFunction(shipped_matrix)
    inherent_likelihood = 4
    inherent_impact = 4
    matrix = factory.SelfAttribute("inherent_matrix")
    likelihood = factory.SelfAttribute("inherent_likelihood")
    impact = factory.SelfAttribute("inherent_impact")
    opened_on = dt.date(2025, 5, 1)
    first_review_by = dt.date(2025, 6, 1)
    created_at = LEARNED


class RiskReviewFactory(DjangoModelFactory):
    """A history row alone: it does not move the risk's current pair, as the service does."""

    class Meta:
        model = RiskReview

    risk = factory.SubFactory(RiskFactory)
    reviewed_on = dt.date(2026, 1, 15)
    matrix = factory.SelfAttribute("risk.inherent_matrix")
    likelihood = 3
    impact = 4
    next_review_on = factory.LazyAttribute(lambda row: row.reviewed_on + dt.timedelta(days=31))
    reviewer = factory.SelfAttribute("risk.owner")
    created_at = LEARNED
    correction_reason = factory.LazyAttribute(lambda row: "It was recorded wrongly." if row.supersedes else "")
    supersedes = None


class RiskTargetFactory(DjangoModelFactory):
    class Meta:
        model = RiskTarget

    risk = factory.SubFactory(RiskFactory)
    set_on = dt.date(2025, 5, 1)
    matrix = factory.SelfAttribute("risk.inherent_matrix")
    likelihood = 2
    impact = 3
    due_on = dt.date(2026, 4, 30)
    created_at = LEARNED


class TargetPointFactory(DjangoModelFactory):
    class Meta:
        model = TargetPoint

    target = factory.SubFactory(RiskTargetFactory)
    due_on = dt.date(2025, 9, 30)
    score = 12
    created_at = LEARNED


class EscalationFactory(DjangoModelFactory):
    class Meta:
        model = Escalation

    risk = factory.SubFactory(RiskFactory)
    moved_on = dt.date(2026, 1, 20)
    from_level = factory.LazyAttribute(lambda row: Level(row.to_level).other)
    to_level = Level.SYSTEMIC
    reason = "It needs both organisations’ leaders."
    created_at = LEARNED


class StateChangeFactory(DjangoModelFactory):
    class Meta:
        model = StateChange

    risk = factory.SubFactory(RiskFactory)
    changed_on = dt.date(2026, 1, 20)
    state = "closed"
    reason = "It can no longer happen."
    created_at = LEARNED


class MitigationFactory(DjangoModelFactory):
    """With its first update, as the service makes it."""

    class Meta:
        model = Mitigation
        skip_postgeneration_save = True

    reference = factory.Sequence(lambda n: f"M{n:03d}")
    risk = factory.SubFactory(RiskFactory)
    kind = MitigationKind.ACTION
    description = "Agree a recovery plan with the provider."
    owner = factory.SelfAttribute("risk.owner")
    due_date = dt.date(2026, 2, 28)
    status = MitigationStatus.TO_DO
    added_on = dt.date(2025, 5, 1)
    created_at = LEARNED

    @factory.post_generation
    def first_update(self, create: bool, extracted: object, **kwargs: object) -> None:
        if create:
            MitigationUpdateFactory(mitigation=self, dated_on=self.added_on, status=self.status, due_date=self.due_date)


class MitigationUpdateFactory(DjangoModelFactory):
    class Meta:
        model = MitigationUpdate

    mitigation = factory.SubFactory(MitigationFactory)
    dated_on = dt.date(2026, 1, 10)
    status = MitigationStatus.UNDER_WAY
    due_date = factory.SelfAttribute("mitigation.due_date")
    owner = factory.SelfAttribute("mitigation.owner")
    created_at = LEARNED
