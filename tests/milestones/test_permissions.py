from typing import Any

import pytest

from accounts.models import Role, User
from milestones.models import Milestone, MilestoneUpdate
from milestones.permissions import Perm
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, UserFactory

pytestmark = pytest.mark.django_db

WHO = ["office", "responsible", "sro", "supporting", "author", "officer", "board_member", "analyst", "left"]
ANSWERING = {"responsible", "sro", "supporting"}
GRANTED = {
    Perm.VIEW: set(WHO) - {"left"},
    Perm.UPDATE: ANSWERING | {"office"},
    Perm.CORRECT: ANSWERING | {"office", "author"},
    Perm.CONFIRM: {"sro"},
    Perm.CHANGE_DUE_DATE: ANSWERING | {"office"},
    Perm.MANAGE: {"office"},
}


@pytest.fixture
def milestone() -> Milestone:
    milestone = MilestoneFactory()
    milestone.supporting_officers.add(UserFactory())
    return milestone


@pytest.fixture
def update(milestone: Milestone) -> MilestoneUpdate:
    """By somebody who answered for the milestone then, and does not any more."""
    return MilestoneUpdateFactory(milestone=milestone, author=UserFactory())


@pytest.fixture
def people(milestone: Milestone, update: MilestoneUpdate, office: User) -> dict[str, User]:
    left = UserFactory(roles=[Role.PROGRAMME_OFFICE])
    left.is_active = False
    return {
        "office": office,
        "responsible": milestone.responsible_officer,
        "sro": milestone.sro,
        "supporting": milestone.supporting_officers.get(),
        "author": update.author,
        "officer": UserFactory(roles=[Role.OFFICER, Role.SRO]),
        "board_member": UserFactory(roles=[Role.BOARD_MEMBER]),
        "analyst": UserFactory(roles=[Role.ANALYST]),
        "left": left,
    }


def test_every_permission_is_in_the_table() -> None:
    assert set(GRANTED) == set(Perm)


@pytest.mark.parametrize("perm", Perm)
@pytest.mark.parametrize("who", WHO)
def test_permission(
    people: dict[str, User], milestone: Milestone, update: MilestoneUpdate, perm: Perm, who: str
) -> None:
    about = update if perm == Perm.CORRECT else milestone

    assert people[who].has_perm(perm, about) == (who in GRANTED[perm])


@pytest.mark.parametrize("perm", Perm)
def test_without_a_milestone_only_the_office_and_readers_are_let_through(people: dict[str, User], perm: Perm) -> None:
    allowed = {who for who, person in people.items() if person.has_perm(perm)}

    assert allowed == {Perm.VIEW: GRANTED[Perm.VIEW], Perm.CONFIRM: set()}.get(perm, {"office"})


def test_who_answers_for_a_row_of_a_list_is_known_without_a_query(
    milestone: Milestone, people: dict[str, User], django_assert_num_queries: Any
) -> None:
    [row] = Milestone.objects.prefetch_related("supporting_officers")

    with django_assert_num_queries(0):
        assert people["supporting"].has_perm(Perm.UPDATE, row)
        assert not people["analyst"].has_perm(Perm.UPDATE, row)
