import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from milestones.models import Milestone, MilestoneChange, MilestoneDependency, PriorityArea, Status
from milestones.services import (
    add_milestone,
    add_priority_area,
    revise_milestone,
    revise_priority_area,
    withdraw_milestone,
)
from tests.factories import (
    MilestoneDependencyFactory,
    MilestoneFactory,
    OrganisationFactory,
    PriorityAreaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
APRIL, JUNE = dt.date(2026, 4, 30), dt.date(2026, 6, 30)


def faults(call: Callable[[], Any]) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        call()
    return set(refused.value.error_dict)


def add(by: User, at: dt.datetime, **given: Any) -> Milestone:
    content = {
        "reference": "PA1-01",
        "area": PriorityAreaFactory(),
        "title": "A graduated response is agreed",
        "responsible_officer": UserFactory(),
        "sro": UserFactory(),
        "due_date": JUNE,
        "added_on": dt.date(2025, 4, 1),
        **given,
    }
    return add_milestone(**content, by=by, at=at)


def test_a_new_milestone_is_not_started_and_its_due_date_the_baseline(office: User, at: dt.datetime) -> None:
    milestone = add(office, at)

    assert (milestone.status, milestone.version) == (Status.NOT_STARTED, 1)
    assert (milestone.baseline_due_date, milestone.due_date) == (JUNE, JUNE)
    assert (milestone.created_by, milestone.created_at) == (office, at)
    assert MilestoneChange.objects.get().field == "added"


def test_a_baseline_of_its_own_is_kept(office: User, at: dt.datetime) -> None:
    assert add(office, at, baseline_due_date=APRIL).baseline_due_date == APRIL


def test_a_reference_is_used_once_and_well_formed(office: User, at: dt.datetime) -> None:
    add(office, at)

    assert faults(lambda: add(office, at)) == {"reference"}
    assert faults(lambda: add(office, at, reference="pa1 1")) == {"reference"}


def test_a_new_milestone_is_given_to_people_who_are_here(office: User, at: dt.datetime) -> None:
    left = UserFactory(is_active=False, deactivated_at=at, deactivated_by=office)

    assert faults(lambda: add(office, at, responsible_officer=left)) == {"responsible_officer"}
    assert faults(lambda: add(office, at, sro=left)) == {"sro"}


def test_a_revision_keeps_what_it_was(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory(title="Old words")
    organisation = OrganisationFactory()

    revise_milestone(
        milestone=milestone, by=office, at=at, on=TODAY, reason="Clearer.", title="New words", organisation=organisation
    )

    assert (Milestone.objects.get().title, milestone.version) == ("New words", 2)
    kept = MilestoneChange.objects.values_list("field", "was", "now", "reason", "changed_on")
    assert set(kept) == {
        ("title", "Old words", "New words", "Clearer.", TODAY),
        ("organisation", "", str(organisation), "Clearer.", TODAY),
    }


def test_a_revision_that_changes_nothing_writes_nothing(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory(title="Old words")

    revise_milestone(milestone=milestone, by=office, at=at, on=TODAY, title=" Old words ", area=milestone.area)

    assert (milestone.version, MilestoneChange.objects.count()) == (1, 0)


def test_a_new_baseline_needs_a_reason(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    given = {"milestone": milestone, "by": office, "at": at, "on": TODAY}

    assert faults(lambda: revise_milestone(**given, baseline_due_date=JUNE)) == {"reason"}
    assert revise_milestone(**given, baseline_due_date=JUNE, reason="Typed wrongly.").baseline_due_date == JUNE


def test_a_revision_is_not_dated_tomorrow(office: User, at: dt.datetime) -> None:
    given = {"milestone": MilestoneFactory(), "by": office, "at": at, "title": "New words"}

    assert faults(lambda: revise_milestone(**given, on=TODAY + dt.timedelta(days=1))) == {"on"}


@pytest.mark.parametrize("field", ["status", "due_date", "sro", "reference", "version"])
def test_a_revision_leaves_alone_what_has_a_service_of_its_own(office: User, at: dt.datetime, field: str) -> None:
    with pytest.raises(TypeError, match=field):
        revise_milestone(milestone=MilestoneFactory(), by=office, at=at, on=TODAY, **{field: "x"})


def test_a_withdrawn_milestone_leaves_the_plan_from_that_day(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()

    withdraw_milestone(milestone=milestone, on=TODAY, reason="Merged with PA1-02.", by=office, at=at)

    assert not Milestone.objects.counting_on(TODAY).exists()
    assert Milestone.objects.counting_on(TODAY - dt.timedelta(days=1)).exists()
    change = MilestoneChange.objects.get()
    assert (change.field, change.now, change.reason) == ("withdrawn_on", "2026-01-31", "Merged with PA1-02.")
    with pytest.raises(ValidationError, match="withdrawn"):
        withdraw_milestone(milestone=milestone, on=TODAY, reason="Again.", by=office, at=at)
    with pytest.raises(ValidationError, match="withdrawn"):
        revise_milestone(milestone=milestone, by=office, at=at, on=TODAY, title="New words")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        pytest.param({"reason": " "}, "reason", id="no reason"),
        pytest.param({"on": TODAY + dt.timedelta(days=1)}, "on", id="tomorrow"),
        pytest.param({"on": dt.date(2025, 3, 31)}, "on", id="before it was added"),
    ],
)
def test_a_withdrawal_says_why_and_when(office: User, at: dt.datetime, given: dict[str, Any], refused: str) -> None:
    content = {"on": TODAY, "reason": "Merged.", **given}

    assert faults(lambda: withdraw_milestone(milestone=MilestoneFactory(), by=office, at=at, **content)) == {refused}


def test_withdrawing_ends_the_milestones_links_and_no_others(office: User, at: dt.datetime) -> None:
    milestone = MilestoneFactory()
    MilestoneDependencyFactory(blocker=milestone)
    MilestoneDependencyFactory(dependent=milestone)
    other = MilestoneDependencyFactory()

    withdraw_milestone(milestone=milestone, on=TODAY, reason="Merged.", by=office, at=at)

    assert list(MilestoneDependency.objects.active()) == [other]
    assert MilestoneDependency.objects.filter(ended_at=at, ended_by=office).count() == 2


def test_a_new_area_comes_last(office: User, at: dt.datetime) -> None:
    PriorityAreaFactory(code="PA1", order=7)

    area = add_priority_area(
        code="AFI1", title="Transitions", kind=PriorityArea.Kind.AREA_FOR_IMPROVEMENT, by=office, at=at
    )

    assert (area.order, area.created_by) == (8, office)
    assert faults(lambda: add_priority_area(code="AFI1", title="Twice", kind=area.kind, by=office, at=at)) == {"code"}


def test_an_area_is_put_in_other_words_but_keeps_its_code(office: User, at: dt.datetime) -> None:
    area = PriorityAreaFactory()

    revise_priority_area(area=area, title="Joint commissioning", by=office, at=at)

    assert PriorityArea.objects.get().title == "Joint commissioning"
    assert faults(lambda: revise_priority_area(area=area, title=" ", by=office, at=at)) == {"title"}
    with pytest.raises(TypeError, match="code"):
        revise_priority_area(area=area, code="PA9", by=office, at=at)
