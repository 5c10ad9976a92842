import datetime as dt

import pytest
from django.http import QueryDict

from accounts.models import Role
from risks.filters import MitigationFilter, ReviewFilter, RiskFilter
from risks.models import MatrixChoice, Mitigation, MitigationStatus, Risk, RiskReview
from tests.factories import (
    EscalationFactory,
    MilestoneFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    PriorityAreaFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    UserFactory,
    shipped_matrix,
)
from tests.factories.accounts import LEARNED
from tests.risks.pages import control, small_matrix, standing

pytestmark = pytest.mark.django_db
JANUARY, DECEMBER = dt.date(2026, 1, 31), dt.date(2025, 12, 31)


def shown(query: str, *, on: dt.date = JANUARY) -> set[str]:
    given = RiskFilter(QueryDict(query), queryset=Risk.objects.all(), on=on)
    assert given.form.is_valid(), given.form.errors
    return set(given.qs.values_list("reference", flat=True))


# --- Open and closed --------------------------------------------------------------------------------------------------


@pytest.fixture
def states() -> None:
    """Open; closed in January; closed in November; opened again in January; opened in February."""
    standing("R01")
    StateChangeFactory(risk=standing("R02"), changed_on=dt.date(2026, 1, 20))
    StateChangeFactory(risk=standing("R03"), changed_on=dt.date(2025, 11, 20))
    reopened = standing("R04")
    StateChangeFactory(risk=reopened, changed_on=dt.date(2025, 11, 20))
    StateChangeFactory(risk=reopened, changed_on=JANUARY, state="open")
    standing("R05", opened_on=dt.date(2026, 2, 1))


@pytest.mark.usefixtures("states")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", {"R01", "R04"}, id="open without a word"),
        pytest.param("state=open", {"R01", "R04"}, id="open"),
        pytest.param("state=closed", {"R02", "R03"}, id="closed"),
        pytest.param("state=all", {"R01", "R02", "R03", "R04"}, id="both"),
        pytest.param("as_at=2025-12-31", {"R01", "R02"}, id="open then"),
        pytest.param("as_at=2026-02-01", {"R01", "R04", "R05"}, id="open the day after"),
        pytest.param("movement=closed", {"R02"}, id="what was closed in the month needs no state"),
        pytest.param("movement=closed,new", {"R02", "R04"}, id="closed or new"),
        pytest.param("movement=closed&state=open", set(), id="closed and open is none"),
    ],
)
def test_state(query: str, expected: set[str]) -> None:
    assert shown(query) == expected


# --- What narrows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("band=low", {"R01"}, id="lowest band"),
        pytest.param("band=moderate", {"R02"}, id="between"),
        pytest.param("band=high&band=extreme", {"R03", "R04"}, id="two bands"),
        pytest.param("band=high,extreme", {"R03", "R04"}, id="two bands with a comma"),
        pytest.param("level=systemic", {"R02"}, id="level of the day"),
        pytest.param("level=systemic&as_at=2025-12-31", set(), id="level of another day"),
        pytest.param("movement=escalated", {"R02"}, id="escalated"),
        pytest.param("movement=up", {"R03"}, id="up"),
        pytest.param("movement=down", {"R01", "R02"}, id="down"),
        pytest.param("movement=same", {"R04"}, id="same"),
        pytest.param("movement=up,escalated", {"R02", "R03"}, id="movement or level move"),
        pytest.param("review=overdue", {"R01"}, id="overdue is before the day"),
        pytest.param("review=this_month", {"R01", "R02"}, id="due by the month's end, overdue too"),
        pytest.param("likelihood=2&impact=3", {"R02"}, id="a pair"),
        pytest.param("likelihood=3&impact=2", set(), id="the other way round"),
        pytest.param("q=staff", {"R01"}, id="title"),
        pytest.param("q=r02", {"R02"}, id="reference in any case"),
        pytest.param("q=pay", {"R03"}, id="cause"),
        pytest.param("q=strike", {"R03"}, id="event"),
        pytest.param("q=children", {"R03"}, id="consequence"),
        pytest.param("q=ann", {"R02"}, id="owner"),
        pytest.param("q=recruit", {"R04"}, id="a mitigation"),
        pytest.param("q=pay+strike", {"R03"}, id="words in different places"),
        pytest.param("q=pay+staff", set(), id="every word must be found"),
        pytest.param("above=false&unmitigated=false&late_action=false&planned=false", {"R01", "R02", "R03", "R04"}),
        pytest.param("band=low&level=systemic", set(), id="filters narrow together"),
    ],
)
def test_filter(query: str, expected: set[str]) -> None:
    for reference, inherent, pair, due, words in (
        ("R01", 2, (1, 3), 30, {"title": "Staff leave"}),
        ("R02", 3, (2, 3), 31, {"owner": UserFactory(full_name="Ann Other")}),
        ("R03", 2, (3, 4), 60, {"cause": "Low pay", "event": "A strike", "consequence": "Children wait"}),
        ("R04", 4, (4, 4), 60, {}),
    ):
        given = {"title": "Something", "inherent_likelihood": inherent, "inherent_impact": 4, **words}
        risk = RiskFactory(reference=reference, **given)
        next_review_on = dt.date(2025, 12, 31) + dt.timedelta(days=due)
        RiskReviewFactory(risk=risk, likelihood=pair[0], impact=pair[1], next_review_on=next_review_on)
    EscalationFactory(risk=Risk.objects.get(reference="R02"))
    control(risk, description="Recruit a nurse")

    assert shown(query) == expected


def test_score_of_the_same_number_is_in_the_band_of_its_own_matrix() -> None:
    small = small_matrix()
    MatrixChoice.objects.create(matrix=small, used_from=JANUARY, created_at=LEARNED)
    standing("R01", 4, 2)
    RiskReviewFactory(risk=RiskFactory(reference="R02"), likelihood=4, impact=2, matrix=small)

    assert shown("band=high") == {"R01"}
    assert shown("band=severe") == {"R02"}


def test_bands_on_offer_are_those_of_matrices_that_were_ever_used() -> None:
    names = dict(RiskFilter().form.fields["band"].choices)
    assert names == {"low": "Low", "moderate": "Moderate", "high": "High", "extreme": "Extreme"}

    three = shipped_matrix("five-by-five-three-bands")
    MatrixChoice.objects.create(matrix=three, used_from=JANUARY, created_at=LEARNED)

    assert set(dict(RiskFilter().form.fields["band"].choices)) == {"low", "moderate", "high", "extreme", "medium"}


def test_challenges_are_asked_of_open_risks_as_at_the_day() -> None:
    """Each pair of risks differs in one thing only: that the second of them is closed."""
    for number, close in enumerate((False, True)):
        above, late, bare = (RiskFactory(reference=f"{name}{number}") for name in ("ABOVE", "LATE", "BARE"))
        control(above)
        TargetPointFactory(target=RiskTargetFactory(risk=above), score=12)
        MitigationFactory(risk=late, due_date=dt.date(2026, 1, 10))
        for risk in (above, late, bare):
            RiskReviewFactory(risk=risk, likelihood=4, impact=4, next_review_on=dt.date(2026, 1, 20))
            if close:
                StateChangeFactory(risk=risk, changed_on=dt.date(2026, 1, 25))

    for query, expected in (
        ("above=true", {"ABOVE0"}),
        ("planned=true", {"ABOVE0"}),
        ("late_action=true", {"LATE0"}),
        ("unmitigated=true", {"BARE0"}),
        ("review=overdue", {"ABOVE0", "LATE0", "BARE0"}),
        ("review=this_month", {"ABOVE0", "LATE0", "BARE0"}),
    ):
        assert shown(f"{query}&state=all") == expected, query
    assert shown("late_action=true&as_at=2026-01-10") == set()
    assert shown("late_action=true&as_at=2026-01-11") == {"LATE0", "LATE1"}
    assert shown("above=true&as_at=2025-09-29") == set()


@pytest.mark.parametrize("status", [MitigationStatus.DONE, MitigationStatus.STOPPED])
def test_an_action_that_is_done_or_stopped_is_not_late_from_that_day(status: MitigationStatus) -> None:
    action = MitigationFactory(risk=RiskFactory(reference="R01"), due_date=dt.date(2026, 1, 5))
    MitigationUpdateFactory(mitigation=action, status=status, dated_on=dt.date(2026, 1, 10))

    assert shown("late_action=true&as_at=2026-01-09") == {"R01"}
    assert shown("late_action=true&as_at=2026-01-10") == set()


def test_area_owner_and_milestone_are_as_they_are_now() -> None:
    person = UserFactory(roles=[Role.BOARD_MEMBER])
    mine = standing("R01", owner=person)
    mine.areas.set([PriorityAreaFactory(code="PA1"), PriorityAreaFactory(code="PA2")])
    mine.milestones.add(MilestoneFactory(reference="PA1-01"))
    standing("R02")

    for query in ("area=PA2", f"owner={person.pk}", "milestone=pa1-01"):
        assert shown(query) == {"R01"}


def test_as_at_in_the_address_counts_before_the_day_of_the_door() -> None:
    standing("R01", 1, 1)

    assert shown("band=low") == {"R01"}
    assert shown("band=low&as_at=2026-01-14") == set()
    assert shown("band=low&as_at=2026-01-15", on=DECEMBER) == {"R01"}


def test_annotations_that_the_door_brings_are_used() -> None:
    """The API narrows a queryset that is as at its own day already."""
    standing("R01", 1, 1)
    rows = Risk.objects.in_register(DECEMBER).as_at(DECEMBER).with_movement(DECEMBER)

    assert not RiskFilter(QueryDict("band=low"), queryset=rows).qs.exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as_at=yesterday", "as_at"),
        ("as_at=9999-12-31", "as_at"),
        ("band=purple", "band"),
        ("level=national", "level"),
        ("movement=sideways", "movement"),
        ("review=never", "review"),
        ("state=asleep", "state"),
        ("area=PA9", "area"),
        ("owner=0", "owner"),
        ("likelihood=high", "likelihood"),
    ],
)
def test_a_value_that_means_nothing_is_said_to(query: str, field: str) -> None:
    given = RiskFilter(QueryDict(query), queryset=Risk.objects.all(), on=JANUARY)

    assert not given.is_valid()
    assert list(given.errors) == [field]


# --- Reviews and mitigations ------------------------------------------------------------------------------------------


def test_review_filter_leaves_out_what_was_superseded() -> None:
    wrong = RiskReviewFactory(risk__reference="R01", risk__level="systemic", reviewed_on=dt.date(2026, 1, 10))
    right = RiskReviewFactory(risk=wrong.risk, supersedes=wrong, reviewed_on=dt.date(2026, 1, 12))
    other = RiskReviewFactory(reviewed_on=dt.date(2026, 1, 20))

    def reviews(query: str) -> set[RiskReview]:
        return set(ReviewFilter(QueryDict(query), queryset=RiskReview.objects.all()).qs)

    assert reviews("effective=true") == {right, other}
    assert reviews("effective=false") == {wrong}
    assert reviews("risk=R01") == reviews("level=systemic") == {wrong, right}
    assert reviews("reviewed_from=2026-01-12") == {right, other}
    assert reviews("reviewed_to=2026-01-12") == {wrong, right}


def test_mitigation_filter_is_as_at_its_day() -> None:
    risk = RiskFactory(reference="R01")
    action = MitigationFactory(risk=risk, due_date=dt.date(2026, 1, 15), effect="both")
    MitigationUpdateFactory(mitigation=action, status="done", dated_on=dt.date(2026, 1, 25))
    MitigationFactory(reference="M99", kind="control", status="in_place", due_date=None)

    def mitigations(query: str, on: dt.date) -> set[str]:
        rows = Mitigation.objects.as_at(on)
        found = MitigationFilter(QueryDict(f"{query}&as_at={on}"), queryset=rows).qs
        return set(found.values_list("reference", flat=True))

    mine = {action.reference}
    assert mitigations("kind=action", JANUARY) == mitigations("risk=R01", JANUARY) == mine
    assert mitigations("effect=both", JANUARY) == mitigations("status=done", JANUARY) == mine
    assert mitigations("status=done,in_place", JANUARY) == mine | {"M99"}
    assert mitigations("overdue=true", dt.date(2026, 1, 24)) == mine
    assert mitigations("overdue=true", dt.date(2026, 1, 25)) == set()
    assert mitigations("overdue=true", dt.date(2026, 1, 15)) == set()
    assert mitigations("overdue=false", dt.date(2026, 1, 24)) == {"M99"}
