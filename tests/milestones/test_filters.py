import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict

from milestones.filters import EvidenceFilter, MilestoneFilter, UpdateFilter
from milestones.models import Evidence, Impact, Milestone, MilestoneUpdate, Status
from tests.factories import (
    EvidenceFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    PriorityAreaFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
JANUARY = dt.date(2026, 1, 31)


def shown(query: str, *, on: dt.date = JANUARY) -> set[str]:
    rows = MilestoneFilter(QueryDict(query), queryset=Milestone.objects.all(), on=on).qs
    return set(rows.values_list("reference", flat=True))


def milestone(
    reference: str, status: str = "", *, as_at: dt.date = JANUARY, impact: str = "", **fields: Any
) -> Milestone:
    made = MilestoneFactory(reference=reference, **fields)
    if status:
        rated = {"impact": impact} if impact else {}
        MilestoneUpdateFactory(milestone=made, status=status, as_at=as_at, **rated)
    return made


def test_only_milestones_in_the_plan_that_day_are_shown() -> None:
    milestone("PA1-01")
    milestone("PA1-02", added_on=dt.date(2026, 2, 1))
    milestone("PA1-03", withdrawn_on=JANUARY, withdrawn_reason="Merged with another.")
    milestone("PA1-04", withdrawn_on=dt.date(2026, 2, 1), withdrawn_reason="Merged with another.")

    assert shown("") == {"PA1-01", "PA1-04"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("status=off_track", {"PA1-02"}, id="one status"),
        pytest.param("status=off_track&status=completed", {"PA1-02", "PA1-03"}, id="two statuses"),
        pytest.param("status=off_track,completed", {"PA1-02", "PA1-03"}, id="two statuses with a comma"),
        pytest.param("status=not_started", {"PA1-04"}, id="no update is Not started"),
        pytest.param("impact=evident", {"PA1-03"}, id="impact"),
        pytest.param("impact=not_yet_evidenced", {"PA1-01", "PA1-02", "PA1-04"}, id="no impact rated"),
        pytest.param("exceptions=true", {"PA1-02", "PA1-04"}, id="exceptions"),
        pytest.param("exceptions=false", {"PA1-01", "PA1-02", "PA1-03", "PA1-04"}, id="exceptions not asked for"),
        pytest.param("stale=true", {"PA1-04"}, id="stale"),
        pytest.param("due=overdue", {"PA1-04"}, id="overdue"),
        pytest.param("due=this_month", {"PA1-02", "PA1-04"}, id="due this month, also where overdue"),
        pytest.param("due=next_month", {"PA1-01"}, id="due next month, completed ones left out"),
        pytest.param("due=three_months", {"PA1-01"}, id="due in three months"),
        pytest.param("no_return=2026-01", {"PA1-04"}, id="no return for January"),
        pytest.param("no_return=true", {"PA1-04"}, id="no return for the month of the day"),
        pytest.param("no_return=2025-12", {"PA1-01", "PA1-02", "PA1-03", "PA1-04"}, id="no return for December"),
        pytest.param("trend=improving", {"PA1-01", "PA1-03"}, id="trend"),
        pytest.param("trend=worsening&trend=stale", {"PA1-02", "PA1-04"}, id="two trends"),
        pytest.param("q=pathway", {"PA1-01"}, id="a word of the title"),
        pytest.param("q=pa1-02", {"PA1-02"}, id="a reference in any case"),
        pytest.param("q=pathway autism", {"PA1-01"}, id="words of title and measure together"),
        pytest.param("q=pathway nothing", set(), id="every word must be found"),
        pytest.param("status=off_track&due=overdue", set(), id="filters narrow together"),
    ],
)
def test_filter(query: str, expected: set[str]) -> None:
    milestone(
        "PA1-01",
        Status.ON_TRACK,
        title="Agree the pathway",
        success_measure="Autism waits fall",
        baseline_due_date=dt.date(2026, 2, 10),
    )
    milestone("PA1-02", Status.OFF_TRACK, baseline_due_date=JANUARY)
    milestone("PA1-03", Status.COMPLETED, impact=Impact.EVIDENT, baseline_due_date=dt.date(2026, 2, 10))
    milestone("PA1-04", baseline_due_date=dt.date(2026, 1, 30))

    assert shown(query) == expected


def test_area_takes_its_code() -> None:
    milestone("PA1-01")
    milestone("PA2-01", area=PriorityAreaFactory(code="PA2"))

    assert shown("area=PA2") == {"PA2-01"}


def test_owner_is_responsible_or_sro_or_supporting() -> None:
    person = UserFactory()
    milestone("PA1-01", responsible_officer=person)
    milestone("PA1-02", sro=person)
    milestone("PA1-03").supporting_officers.add(person)
    milestone("PA1-04")

    assert shown(f"owner={person.pk}") == {"PA1-01", "PA1-02", "PA1-03"}


def test_as_at_in_the_address_counts_before_the_day_of_the_door() -> None:
    made = milestone("PA1-01", Status.ON_TRACK, as_at=dt.date(2025, 12, 31))
    MilestoneUpdateFactory(milestone=made, status=Status.DELAYED, as_at=JANUARY)

    assert shown("status=delayed") == {"PA1-01"}
    assert shown("status=delayed&as_at=2026-01-30") == set()
    assert shown("status=on_track&as_at=2026-01-30") == {"PA1-01"}


def test_annotations_that_the_door_brings_are_used() -> None:
    """The API narrows a queryset that is as at its own day already."""
    milestone("PA1-01", Status.ON_TRACK)
    december = dt.date(2025, 12, 31)
    rows = Milestone.objects.counting_on(december).as_at(december).with_trend(december)

    assert not MilestoneFilter(QueryDict("status=on_track"), queryset=rows).qs.exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as_at=yesterday", "as_at"),
        ("status=green", "status"),
        ("no_return=January", "no_return"),
        ("due=never", "due"),
        ("area=PA9", "area"),
    ],
)
def test_a_value_that_means_nothing_is_said_to(query: str, field: str) -> None:
    given = MilestoneFilter(QueryDict(query), queryset=Milestone.objects.all(), on=JANUARY)

    assert not given.is_valid()
    assert list(given.errors) == [field]


def test_update_filter_leaves_out_what_was_corrected() -> None:
    wrong = MilestoneUpdateFactory(status=Status.ON_TRACK)
    right = MilestoneUpdateFactory(milestone=wrong.milestone, status=Status.DELAYED, supersedes=wrong)

    def updates(query: str) -> list[MilestoneUpdate]:
        return list(UpdateFilter(QueryDict(query), queryset=MilestoneUpdate.objects.all()).qs)

    assert updates("effective=true") == [right]
    assert updates("effective=false") == [wrong]
    assert updates("status=on_track") == [wrong]
    assert updates("as_at_from=2026-02-01") == []
    assert len(updates(f"milestone={wrong.milestone.reference}&as_at_to=2026-01-31")) == 2


def test_evidence_filter_by_kind() -> None:
    minutes = EvidenceFactory(kind=Evidence.Kind.MINUTES)
    EvidenceFactory(kind=Evidence.Kind.DATA)

    assert list(EvidenceFilter(QueryDict("kind=minutes"), queryset=Evidence.objects.all()).qs) == [minutes]
