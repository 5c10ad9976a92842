"""What the database refuses by itself, whoever writes; empty values among it, which a comparison lets through."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from risks.models import Level, MitigationKind, MitigationStatus, State
from tests.factories import (
    EscalationFactory,
    MitigationFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    TargetPointFactory,
)
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
OPENED = dt.date(2025, 5, 1)
DAY = dt.timedelta(days=1)

RISK_SCORED = "Likelihood and impact begin at 1."
CLOSED = "A closed risk has the date it was closed, not before it was opened."
NEXT = "The next review must be after this one."
CORRECTION = "A correction says why, and only a correction does."
PAIR = "A target has a likelihood and an impact, and a date only with them."
KIND = "A control is In place or Stopped. An action is To do, Under way, Done or Stopped."
CONTROL, ACTION = MitigationKind.CONTROL, MitigationKind.ACTION


@pytest.mark.parametrize(
    ("factory", "given", "said"),
    [
        pytest.param(RiskFactory, {"likelihood": 0}, RISK_SCORED, id="risk: likelihood 0"),
        pytest.param(RiskFactory, {"impact": 0}, RISK_SCORED, id="risk: impact 0"),
        pytest.param(
            RiskFactory, {"inherent_likelihood": 0, "likelihood": 1}, RISK_SCORED, id="risk: inherent likelihood 0"
        ),
        pytest.param(RiskFactory, {"inherent_impact": 0, "impact": 1}, RISK_SCORED, id="risk: inherent impact 0"),
        pytest.param(RiskFactory, {"state": State.CLOSED}, CLOSED, id="risk: closed without a date"),
        pytest.param(RiskFactory, {"closed_on": OPENED}, CLOSED, id="risk: open with a closing date"),
        pytest.param(
            RiskFactory,
            {"state": State.CLOSED, "closed_on": OPENED - DAY},
            CLOSED,
            id="risk: closed before it was opened",
        ),
        pytest.param(RiskReviewFactory, {"likelihood": 0}, RISK_SCORED, id="review: likelihood 0"),
        pytest.param(RiskReviewFactory, {"impact": 0}, RISK_SCORED, id="review: impact 0"),
        pytest.param(
            RiskReviewFactory, {"reviewed_on": OPENED, "next_review_on": OPENED}, NEXT, id="review: next the same day"
        ),
        pytest.param(
            RiskReviewFactory, {"reviewed_on": OPENED, "next_review_on": OPENED - DAY}, NEXT, id="review: next before"
        ),
        pytest.param(
            RiskReviewFactory, {"correction_reason": "A slip."}, CORRECTION, id="review: a reason, no correction"
        ),
        pytest.param(
            lambda **given: RiskReviewFactory(supersedes=RiskReviewFactory(), **given),
            {"correction_reason": ""},
            CORRECTION,
            id="review: a correction, no reason",
        ),
        pytest.param(RiskTargetFactory, {"impact": None}, PAIR, id="target: likelihood alone"),
        pytest.param(RiskTargetFactory, {"likelihood": None}, PAIR, id="target: impact alone"),
        pytest.param(RiskTargetFactory, {"likelihood": None, "due_on": None}, PAIR, id="target: impact alone, no date"),
        pytest.param(RiskTargetFactory, {"likelihood": None, "impact": None}, PAIR, id="target: a date alone"),
        pytest.param(RiskTargetFactory, {"likelihood": 0}, PAIR, id="target: likelihood 0"),
        pytest.param(RiskTargetFactory, {"impact": 0}, PAIR, id="target: impact 0"),
        pytest.param(
            EscalationFactory, {"from_level": Level.SYSTEMIC}, "The risk is at that level already.", id="no move"
        ),
        *(
            pytest.param(MitigationFactory, {"kind": CONTROL, "status": status}, KIND, id=f"control: {status.label}")
            for status in (MitigationStatus.TO_DO, MitigationStatus.UNDER_WAY, MitigationStatus.DONE)
        ),
        pytest.param(
            MitigationFactory, {"kind": ACTION, "status": MitigationStatus.IN_PLACE}, KIND, id="action: In place"
        ),
    ],
)
def test_the_database_refuses(factory: Callable[..., Any], given: dict[str, Any], said: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factory(**given)
    # The same by `full_clean`, in words; built on rows that are saved, so that nothing else is wrong.
    built = good(factory)
    for name, value in given.items():
        setattr(built, name, value)
    assert said in " ".join(faults(built.validate_constraints).values())


def good(factory: Callable[..., Any]) -> Any:
    return factory(**({"correction_reason": "A slip."} if not isinstance(factory, type) else {}))


@pytest.mark.parametrize(
    ("factory", "given"),
    [
        pytest.param(RiskFactory, {"state": State.CLOSED, "closed_on": OPENED}, id="risk: closed at once"),
        pytest.param(
            RiskReviewFactory, {"reviewed_on": OPENED, "next_review_on": OPENED + DAY}, id="review: next the day after"
        ),
        pytest.param(RiskTargetFactory, {"due_on": None}, id="target: without a date"),
        pytest.param(RiskTargetFactory, {"likelihood": None, "impact": None, "due_on": None}, id="target: taken away"),
        pytest.param(MitigationFactory, {"kind": CONTROL, "status": MitigationStatus.IN_PLACE}, id="control: In place"),
        *(
            pytest.param(MitigationFactory, {"kind": kind, "status": MitigationStatus.STOPPED}, id=f"{kind}: Stopped")
            for kind in MitigationKind
        ),
    ],
)
def test_the_database_takes(factory: Callable[..., Any], given: dict[str, Any]) -> None:
    made = factory(**given)

    made.validate_constraints()
    assert type(made).objects.filter(pk=made.pk, **given).exists()


def test_a_review_is_superseded_once() -> None:
    wrong = RiskReviewFactory()
    RiskReviewFactory(risk=wrong.risk, supersedes=wrong)

    with pytest.raises(IntegrityError), transaction.atomic():
        RiskReviewFactory(risk=wrong.risk, supersedes=wrong)


def test_a_target_has_one_point_a_day() -> None:
    point = TargetPointFactory()
    TargetPointFactory(due_on=point.due_on)

    with pytest.raises(IntegrityError), transaction.atomic():
        TargetPointFactory(target=point.target, due_on=point.due_on)
    with pytest.raises(ValidationError, match="Two points have the same date"):
        TargetPointFactory.build(target=point.target, due_on=point.due_on).validate_constraints()


def test_scores_are_multiplied_by_the_database() -> None:
    risk = RiskFactory(inherent_likelihood=3, inherent_impact=5, likelihood=2, impact=4)
    review, target = RiskReviewFactory(risk=risk, likelihood=3, impact=3), RiskTargetFactory(risk=risk)
    without = RiskTargetFactory(risk=risk, likelihood=None, impact=None, due_on=None)

    for row in (risk, review, target, without):
        row.refresh_from_db()
    assert (risk.inherent_score, risk.score, risk.target_score) == (15, 8, None)
    assert (review.score, target.score, without.score) == (9, 6, None)
