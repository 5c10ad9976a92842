import datetime as dt
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from milestones.models import Milestone, MilestoneDependency, Status
from milestones.services import link_milestones, record_update, unlink_milestones
from tests.factories import MilestoneDependencyFactory, MilestoneFactory

pytestmark = pytest.mark.django_db
BLOCKS, INFORMS = MilestoneDependency.Kind.BLOCKS, MilestoneDependency.Kind.INFORMS

Link = Callable[..., MilestoneDependency]


@pytest.fixture
def link(office: User, at: dt.datetime) -> Link:
    return lambda blocker, dependent, kind=BLOCKS: link_milestones(
        blocker=blocker, dependent=dependent, kind=kind, by=office, at=at
    )


def faults(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ValidationError) as refused:
        call()
    return refused.value.message_dict


def test_a_link_says_which_waits_for_which(link: Link, office: User, at: dt.datetime) -> None:
    first, second = MilestoneFactory.create_batch(2)

    dependency = link(first, second)

    assert (dependency.blocker, dependency.dependent, dependency.created_by) == (first, second, office)


def test_a_milestone_does_not_wait_for_itself(link: Link) -> None:
    milestone = MilestoneFactory()

    assert "depend on itself" in faults(lambda: link(milestone, milestone))["dependent"][0]


@pytest.mark.parametrize("length", [2, 3, 6])
@pytest.mark.parametrize("kind", [BLOCKS, INFORMS])
def test_a_circle_is_refused_whatever_its_length_and_kind(link: Link, length: int, kind: str) -> None:
    chain = MilestoneFactory.create_batch(length)
    for blocker, dependent in pairwise(chain):
        link(blocker, dependent, kind)

    refused = faults(lambda: link(chain[-1], chain[0]))

    assert f"{chain[0].reference} → {chain[1].reference}" in refused["dependent"][0]
    assert MilestoneDependency.objects.count() == length - 1


def test_two_ways_to_one_milestone_are_no_circle(link: Link) -> None:
    top, left, right, bottom = MilestoneFactory.create_batch(4)

    for blocker, dependent in ((top, left), (top, right), (left, bottom), (right, bottom), (top, bottom)):
        link(blocker, dependent)

    assert MilestoneDependency.objects.active().count() == 5


def test_a_link_that_ended_closes_no_circle_and_can_be_made_again(link: Link, office: User, at: dt.datetime) -> None:
    first, second = MilestoneFactory.create_batch(2)
    ended = unlink_milestones(dependency=link(first, second), by=office, at=at)

    assert (ended.ended_at, ended.ended_by) == (at, office)
    assert unlink_milestones(dependency=link(second, first), by=office, at=at).ended_at
    assert link(first, second).pk


def test_a_pair_is_linked_once(link: Link) -> None:
    first, second = MilestoneFactory.create_batch(2)
    link(first, second)

    with pytest.raises(ValidationError, match="linked already"):
        link(first, second, INFORMS)


@pytest.mark.parametrize("end", ["blocker", "dependent"])
def test_a_withdrawn_milestone_is_not_linked(link: Link, end: str) -> None:
    withdrawn = MilestoneFactory(withdrawn_on=dt.date(2026, 1, 1), withdrawn_reason="Merged.")
    ends = {"blocker": MilestoneFactory(), "dependent": MilestoneFactory(), end: withdrawn}

    assert set(faults(lambda: link(ends["blocker"], ends["dependent"]))) == {end}


def test_ending_a_link_twice_keeps_the_first_end(link: Link, office: User, at: dt.datetime) -> None:
    dependency = unlink_milestones(dependency=link(*MilestoneFactory.create_batch(2)), by=office, at=at)

    unlink_milestones(dependency=dependency, by=office, at=at + dt.timedelta(days=1))

    assert MilestoneDependency.objects.get().ended_at == at


def test_finding_circles_takes_the_same_queries_whatever_the_links(
    link: Link, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    few = count_queries(lambda: link(*MilestoneFactory.create_batch(2)))
    chain = MilestoneFactory.create_batch(20)
    for blocker, dependent in pairwise(chain):
        link(blocker, dependent)

    assert count_queries(lambda: link(chain[-1], MilestoneFactory())) <= few


# Which of them slip


def blocked(*, blocker_due: dt.date, dependent_due: dt.date, kind: str = BLOCKS) -> tuple[Milestone, Milestone]:
    blocker, dependent = (
        MilestoneFactory(baseline_due_date=blocker_due),
        MilestoneFactory(baseline_due_date=dependent_due),
    )
    MilestoneDependencyFactory(blocker=blocker, dependent=dependent, kind=kind)
    return blocker, dependent


MARCH, APRIL, MAY = dt.date(2026, 3, 31), dt.date(2026, 4, 30), dt.date(2026, 5, 31)


def test_a_blocker_due_after_its_dependent_slips() -> None:
    blocked(blocker_due=APRIL, dependent_due=MARCH)

    assert MilestoneDependency.objects.slipping().get().expected_on == APRIL


def test_a_blocker_due_by_then_does_not_slip_until_its_forecast_says_so(at: dt.datetime) -> None:
    blocker, _ = blocked(blocker_due=MARCH, dependent_due=MARCH)
    assert not MilestoneDependency.objects.slipping().exists()

    record_update(
        milestone=blocker,
        status=Status.DELAYED,
        as_at=dt.date(2026, 1, 31),
        progress="Begun.",
        reason="Late.",
        mitigation="Sooner.",
        consequence="Waiting.",
        forecast_date=MAY,
        by=blocker.sro,
        at=at,
    )

    assert MilestoneDependency.objects.slipping().get().expected_on == MAY


def test_informing_completed_and_ended_ones_do_not_slip(office: User, at: dt.datetime) -> None:
    blocked(blocker_due=APRIL, dependent_due=MARCH, kind=INFORMS)
    for end in (0, 1):
        done = blocked(blocker_due=APRIL, dependent_due=MARCH)[end]
        Milestone.objects.filter(pk=done.pk).update(status=Status.COMPLETED)
    ended = blocked(blocker_due=APRIL, dependent_due=MARCH)[0].dependents.get()
    unlink_milestones(dependency=ended, by=office, at=at)

    assert not MilestoneDependency.objects.slipping().exists()
