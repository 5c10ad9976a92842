from typing import Any

import pytest

from accounts.models import Role, User
from risks.models import Mitigation, Risk, RiskReview
from risks.permissions import Perm
from tests.factories import MitigationFactory, RiskFactory, RiskReviewFactory, UserFactory

pytestmark = pytest.mark.django_db

WHO = [
    "office",
    "owner",
    "carries_out",
    "reviewer",
    "officer",
    "board_member",
    "analyst",
    "auditor",
    "left",
    "left_owner",
]
GRANTED = {
    Perm.VIEW: set(WHO) - {"left", "left_owner"},
    Perm.REVIEW: {"office", "owner"},
    Perm.CORRECT: {"office", "owner", "reviewer"},
    Perm.MITIGATE: {"office", "owner", "carries_out"},
    Perm.ESCALATE: {"office", "owner"},
    Perm.DE_ESCALATE: {"office"},
    Perm.MANAGE: {"office"},
}


@pytest.fixture
def risk(db: None) -> Risk:
    return RiskFactory()


@pytest.fixture
def about(risk: Risk) -> dict[Perm, Any]:
    """What each permission is asked about. The review is by somebody who owned the risk then, and does not any more."""
    return {
        Perm.CORRECT: RiskReviewFactory(risk=risk, reviewer=UserFactory()),
        Perm.MITIGATE: MitigationFactory(risk=risk, owner=UserFactory()),
    }


@pytest.fixture
def people(risk: Risk, about: dict[Perm, Any], office: User) -> dict[str, User]:
    left, left_owner = UserFactory(roles=[Role.PROGRAMME_OFFICE]), User.objects.get(pk=risk.owner_id)
    left.is_active = left_owner.is_active = False
    return {
        "office": office,
        "owner": risk.owner,
        "carries_out": about[Perm.MITIGATE].owner,
        "reviewer": about[Perm.CORRECT].reviewer,
        "officer": UserFactory(roles=[Role.OFFICER, Role.SRO]),
        "board_member": UserFactory(roles=[Role.BOARD_MEMBER]),
        "analyst": UserFactory(roles=[Role.ANALYST]),
        "auditor": UserFactory(roles=[Role.AUDITOR]),
        "left": left,
        "left_owner": left_owner,
    }


def test_every_permission_is_in_the_table() -> None:
    assert set(GRANTED) == set(Perm)


@pytest.mark.parametrize("perm", Perm)
@pytest.mark.parametrize("who", WHO)
def test_permission(people: dict[str, User], risk: Risk, about: dict[Perm, Any], perm: Perm, who: str) -> None:
    assert people[who].has_perm(perm, about.get(perm, risk)) == (who in GRANTED[perm])


@pytest.mark.parametrize("perm", Perm)
def test_without_a_thing_only_the_office_and_readers_are_let_through(people: dict[str, User], perm: Perm) -> None:
    allowed = {who for who, person in people.items() if person.has_perm(perm)}

    assert allowed == (GRANTED[Perm.VIEW] if perm == Perm.VIEW else {"office"})


def test_who_typed_a_review_for_somebody_else_does_not_correct_it(risk: Risk, officer: User) -> None:
    assert not officer.has_perm(Perm.CORRECT, RiskReviewFactory(risk=risk, created_by=officer))


def test_who_answers_for_a_row_of_a_list_is_known_without_a_query(
    people: dict[str, User], django_assert_num_queries: Any
) -> None:
    [mitigation] = Mitigation.objects.select_related("risk")
    [review] = RiskReview.objects.select_related("risk")

    with django_assert_num_queries(0):
        assert people["owner"].has_perm(Perm.MITIGATE, mitigation)
        assert people["owner"].has_perm(Perm.CORRECT, review)
        assert not people["analyst"].has_perm(Perm.REVIEW, review.risk)
