"""Two people at one risk at once, on a database that really lets them: each race ends as if one had come after the
other."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from core.writes import ChangedSince
from risks.models import (
    Escalation,
    Level,
    MatrixChoice,
    Mitigation,
    MitigationStatus,
    Risk,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    StateChange,
)
from risks.services import (
    ReviewRow,
    add_matrix,
    add_mitigation,
    add_risk,
    choose_matrix,
    close_risk,
    correct_review,
    hand_over_risks,
    move_level,
    record_reviews,
    review_risk,
    set_target,
    update_mitigation,
)
from tests.factories import MitigationFactory, RiskFactory, RiskReviewFactory, UserFactory, shipped_matrix
from tests.services.test_concurrent_saves import ROUNDS, kinds, race

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("services"), pytest.mark.django_db(transaction=True)]
TODAY = dt.date(2026, 1, 31)


def reviewing(risk: Risk, at: dt.datetime, **given: Any) -> Callable[[], RiskReview]:
    """Reviews through a copy of the risk of its own, as another request would."""
    own = Risk.objects.get(pk=risk.pk)
    content = {"likelihood": 3, "impact": 3, "reviewed_on": TODAY, "note": "Better.", "by": own.owner, **given}
    return lambda: review_risk(risk=own, **content, at=at)


def correcting(wrong: RiskReview, likelihood: int, at: dt.datetime) -> Callable[[], RiskReview]:
    own = RiskReview.objects.get(pk=wrong.pk)
    given = {"likelihood": likelihood, "impact": 1, "reviewed_on": own.reviewed_on, "note": "Better."}
    return lambda: correct_review(review=own, **given, correction_reason="A slip.", by=own.reviewer, at=at)


def aiming(risk: Risk, at: dt.datetime, likelihood: int = 2) -> Callable[[], RiskTarget | None]:
    own = Risk.objects.get(pk=risk.pk)
    given = {"likelihood": likelihood, "impact": 2, "due_on": dt.date(2026, 7, 31), "reason": "Agreed."}
    return lambda: set_target(risk=own, **given, based_on_version=1, by=own.owner, at=at)


def moving(risk: Risk, reason: str, at: dt.datetime) -> Callable[[], Escalation]:
    own = Risk.objects.get(pk=risk.pk)
    return lambda: move_level(risk=own, to_level=Level.SYSTEMIC, reason=reason, by=own.owner, at=at)


def closing(risk: Risk, reason: str, at: dt.datetime) -> Callable[[], StateChange | None]:
    own = Risk.objects.get(pk=risk.pk)
    return lambda: close_risk(risk=own, reason=reason, on=TODAY, by=own.owner, at=at)


def adding(risk: Risk, description: str, at: dt.datetime) -> Callable[[], Mitigation]:
    own = Risk.objects.get(pk=risk.pk)
    given = {"kind": "action", "description": description, "owner": own.owner, "by": own.owner}
    return lambda: add_mitigation(risk=own, **given, at=at)


def updating(mitigation: Mitigation, status: MitigationStatus, at: dt.datetime) -> Callable[[], Mitigation]:
    own = Mitigation.objects.get(pk=mitigation.pk)
    return lambda: update_mitigation(mitigation=own, status=status, based_on_version=1, by=own.owner, at=at)


def bringing(risks: list[Risk], likelihood: int, at: dt.datetime) -> Callable[[], int]:
    rows = [ReviewRow(risk=r, reviewed_on=TODAY, likelihood=likelihood, impact=1, reviewer=r.owner) for r in risks]
    return lambda: record_reviews(rows=rows, by=None, at=at)


def choosing(used_from: dt.date, at: dt.datetime) -> Callable[[], MatrixChoice]:
    other = shipped_matrix("five-by-five-three-bands")
    return lambda: choose_matrix(matrix=other, used_from=used_from, reason="Agreed.", by=None, at=at)


def test_of_two_reviews_based_on_one_version_the_second_is_told(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk, other = RiskFactory(), UserFactory()

        outcomes = race(
            reviewing(risk, at, based_on_version=1), reviewing(risk, at, based_on_version=1, likelihood=5, by=other)
        )

        risk.refresh_from_db()
        assert kinds(outcomes) == {ChangedSince, RiskReview}
        assert (risk.version, risk.latest_review) == (2, risk.reviews.get())


def test_of_two_reviews_of_a_day_one_supersedes_the_other(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        outcomes = race(reviewing(risk, at), reviewing(risk, at, likelihood=5, by=UserFactory()))

        risk.refresh_from_db()
        assert kinds(outcomes) == {RiskReview}
        standing = risk.reviews.effective().get()
        assert (risk.latest_review, risk.likelihood, risk.version) == (standing, standing.likelihood, 3)
        assert standing.supersedes in outcomes


def test_a_double_click_counts_once(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        assert len(set(race(reviewing(risk, at, based_on_version=1), reviewing(risk, at, based_on_version=1)))) == 1
        assert len(set(race(moving(risk, "So.", at), moving(risk, "So.", at)))) == 1
        assert len(set(race(adding(risk, "A plan.", at), adding(risk, "A plan.", at)))) == 1
        assert len(set(race(closing(risk, "Over.", at), closing(risk, "Over.", at)))) == 1

        risk.refresh_from_db()
        assert risk.version == 5


def test_a_double_click_sets_a_target_once(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        assert len(set(race(aiming(risk, at), aiming(risk, at)))) == 1


def test_of_two_targets_based_on_one_version_the_second_is_told(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        outcomes = race(aiming(risk, at), aiming(risk, at, likelihood=1))

        risk.refresh_from_db()
        assert kinds(outcomes) == {ChangedSince, RiskTarget}
        assert risk.target_score == risk.targets.get().score


def test_of_two_corrections_one_is_refused(at: dt.datetime) -> None:
    for _ in ROUNDS:
        wrong = RiskReviewFactory()

        outcomes = race(correcting(wrong, 1, at), correcting(wrong, 2, at))

        assert kinds(outcomes) == {RiskReview, ValidationError}
        assert wrong.risk.reviews.effective().count() == 1


def test_a_risk_is_escalated_once(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        outcomes = race(moving(risk, "One.", at), moving(risk, "Two.", at))

        assert kinds(outcomes) == {Escalation, ValidationError}
        assert risk.escalations.count() == 1


def test_what_is_closed_meanwhile_is_not_reviewed(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        closed, reviewed = race(closing(risk, "Over.", at), reviewing(risk, at))

        assert isinstance(closed, StateChange)
        assert isinstance(reviewed, ValidationError) != risk.reviews.exists()


def test_two_mitigations_get_references_of_their_own(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risk = RiskFactory()

        outcomes = race(adding(risk, "One.", at), adding(risk, "Two.", at))

        assert {each.reference for each in outcomes} == {f"{risk.reference}-M1", f"{risk.reference}-M2"}


def test_of_two_updates_of_a_mitigation_the_second_is_told(at: dt.datetime) -> None:
    for _ in ROUNDS:
        mitigation = MitigationFactory()

        outcomes = race(
            updating(mitigation, MitigationStatus.DONE, at), updating(mitigation, MitigationStatus.UNDER_WAY, at)
        )

        mitigation.refresh_from_db()
        assert kinds(outcomes) == {ChangedSince, Mitigation}
        assert (mitigation.version, mitigation.updates.count()) == (2, 2)


def test_two_sheets_at_once_do_not_wait_for_each_other_for_ever(at: dt.datetime) -> None:
    for _ in ROUNDS:
        risks = RiskFactory.create_batch(5)

        outcomes = race(bringing(risks, 1, at), bringing(risks[::-1], 2, at))

        assert outcomes == [5, 5]
        for risk in Risk.objects.filter(pk__in=[risk.pk for risk in risks]):
            assert risk.likelihood == risk.reviews.effective().get().likelihood


def test_a_matrix_is_chosen_once(at: dt.datetime) -> None:
    outcomes = race(choosing(TODAY, at), choosing(TODAY, at))

    assert kinds(outcomes) == {MatrixChoice, ValidationError}
    assert MatrixChoice.objects.count() == 2


def test_a_double_click_on_a_new_risk_adds_one(at: dt.datetime) -> None:
    owner = UserFactory()
    for number in ROUNDS:
        given = {"reference": f"R{number:02}", "title": "Staff leave", "level": Level.OPERATIONAL, "owner": owner}
        pair = {"inherent_likelihood": 3, "inherent_impact": 3}
        add = partial(add_risk, **given, **pair, opened_on=TODAY, by=owner, at=at)

        outcomes = race(add, add)

        assert kinds(outcomes) == {Risk, ValidationError}
        [refusal] = [each for each in outcomes if isinstance(each, ValidationError)]
        assert refusal.message_dict == {"reference": ["Risk with this Reference already exists."]}


def test_a_double_click_on_a_new_matrix_adds_one(at: dt.datetime) -> None:
    shipped = shipped_matrix()
    bands = [{name: value for name, value in band.items() if name != "code"} for band in shipped.bands]
    for number in ROUNDS:
        given = {"name": f"Ours {number}", "size": 5, "scale": shipped.scale, "bands": bands}
        add = partial(add_matrix, **given, by=None, at=at)

        assert kinds(race(add, add)) == {RiskMatrix, ValidationError}


def test_a_mitigation_is_updated_while_its_owner_hands_over(at: dt.datetime) -> None:
    for _ in ROUNDS:
        leaver, successor = UserFactory(), UserFactory()
        mitigations = [MitigationFactory(risk=RiskFactory(owner=leaver), owner=leaver) for _ in range(4)]
        given = {"person": leaver, "to": successor, "reason": "Leaves.", "by": successor, "at": at}

        outcomes = race(
            lambda given=given: hand_over_risks(**given),
            *(updating(each, MitigationStatus.UNDER_WAY, at) for each in mitigations),
        )

        assert kinds(outcomes) <= {int, Mitigation, ChangedSince}
        for each in Mitigation.objects.filter(owner=successor):
            latest = each.updates.first()
            assert (latest.owner, latest.status) == (each.owner, each.status)
