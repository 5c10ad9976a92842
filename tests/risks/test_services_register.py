import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from core.writes import ChangedSince
from milestones.models import Milestone, PriorityArea
from risks.models import Level, MatrixChoice, Risk, RiskChange, RiskTarget
from risks.services import add_risk, close_risk, review_risk, revise_risk
from tests.factories import MilestoneFactory, PriorityAreaFactory, UserFactory, shipped_matrix
from tests.factories.accounts import LEARNED
from tests.risks.conftest import faults

pytestmark = pytest.mark.django_db
TODAY, OPENED = dt.date(2026, 1, 31), dt.date(2025, 5, 1)
DAY = dt.timedelta(days=1)

Add = Callable[..., Risk]


@pytest.fixture
def left(office: User, at: dt.datetime) -> User:
    return UserFactory(full_name="Officer Gone", is_active=False, deactivated_at=at, deactivated_by=office)


@pytest.fixture
def add(office: User, at: dt.datetime) -> Add:
    """Adds a risk that nothing is wrong with, but for what the test says."""

    def call(**given: Any) -> Risk:
        content = {
            "reference": "R07",
            "title": "The provider leaves the market",
            "level": Level.OPERATIONAL,
            "owner": office,
            "opened_on": OPENED,
            "inherent_likelihood": 4,
            "inherent_impact": 5,
            **given,
        }
        return add_risk(**content, by=office, at=at)

    return call


@pytest.fixture
def revise(risk: Risk, office: User, at: dt.datetime) -> Callable[..., Risk]:
    return lambda **given: revise_risk(**{"risk": risk, "by": office, "at": at} | given)


def changes() -> set[tuple[str, str, str]]:
    return set(RiskChange.objects.exclude(field="added").values_list("field", "was", "now"))


# Added


def test_a_new_risk_stands_at_its_inherent_pair(add: Add, office: User, at: dt.datetime) -> None:
    risk = add(title=" The provider\r\nleaves ", cause="Cost. ", treatment="treat")

    assert (risk.inherent_score, risk.score, risk.likelihood, risk.impact) == (20, 20, 4, 5)
    assert risk.inherent_matrix == risk.matrix == shipped_matrix()
    assert (risk.state, risk.latest_review, risk.target_score, risk.version) == ("open", None, None, 1)
    assert (risk.level, risk.first_level) == (Level.OPERATIONAL, Level.OPERATIONAL)
    assert (risk.title, risk.cause, risk.treatment) == ("The provider\nleaves", "Cost.", "treat")
    assert (risk.created_by, risk.created_at) == (office, at)
    change = RiskChange.objects.get()
    assert (change.field, change.now, change.changed_on, change.created_by) == ("added", risk.title, OPENED, office)
    assert not RiskTarget.objects.exists()


def test_a_new_risk_is_linked(add: Add) -> None:
    area, milestone = PriorityAreaFactory(), MilestoneFactory()

    risk = add(areas=[area], milestones=[milestone])

    assert (list(risk.areas.all()), list(risk.milestones.all())) == ([area], [milestone])


@pytest.mark.parametrize(
    ("opened_on", "frequency", "due"),
    [
        pytest.param("2026-01-31", "monthly", "2026-02-28", id="31 January and one month"),
        pytest.param("2024-01-31", "monthly", "2024-02-29", id="31 January of a leap year"),
        pytest.param("2025-03-31", "monthly", "2025-04-30", id="31 March"),
        pytest.param("2025-05-01", "two_monthly", "2025-07-01", id="two months"),
        pytest.param("2025-11-30", "quarterly", "2026-02-28", id="three months"),
        pytest.param("2025-03-31", "six_monthly", "2025-09-30", id="six months"),
    ],
)
def test_the_first_review_is_due_by_the_frequency(add: Add, opened_on: str, frequency: str, due: str) -> None:
    risk = add(opened_on=dt.date.fromisoformat(opened_on), frequency=frequency)

    assert risk.first_review_by == dt.date.fromisoformat(due)


def test_a_new_risk_is_on_the_matrix_of_the_day_it_was_opened(add: Add) -> None:
    three = shipped_matrix("five-by-five-three-bands")
    MatrixChoice.objects.create(matrix=three, used_from=TODAY, created_at=LEARNED)

    assert add(opened_on=TODAY - DAY).matrix == shipped_matrix()
    assert add(reference="R08", opened_on=TODAY).matrix == three


def test_a_new_risk_can_have_a_target(add: Add) -> None:
    risk = add(target_likelihood=2, target_impact=3, target_date=TODAY)

    target = RiskTarget.objects.get()
    assert (target.set_on, target.score, target.due_on) == (OPENED, 6, TODAY)
    assert (risk.target_score, risk.target_date, risk.version) == (6, TODAY, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"opened_on": TODAY + DAY}, {"opened_on": "The date must be today or earlier."}, id="tomorrow"),
        pytest.param(
            {"inherent_likelihood": 6, "inherent_impact": 0},
            {
                "inherent_likelihood": "The likelihood must be between 1 and 5.",
                "inherent_impact": "The impact must be between 1 and 5.",
            },
            id="pair off the matrix",
        ),
        pytest.param(
            {"inherent_likelihood": None, "inherent_impact": None},
            {"inherent_likelihood": "Choose the likelihood.", "inherent_impact": "Choose the impact."},
            id="no pair",
        ),
        pytest.param(
            {"frequency": "weekly"}, {"frequency": "Choose how often the risk is reviewed."}, id="unknown frequency"
        ),
        pytest.param({"level": "strategic"}, {"level": "Value 'strategic' is not a valid choice."}, id="unknown level"),
        pytest.param(
            {"treatment": "hope"}, {"treatment": "Value 'hope' is not a valid choice."}, id="unknown treatment"
        ),
        pytest.param({"title": " \r\n"}, {"title": "This field cannot be blank."}, id="no title"),
        pytest.param(
            {"reference": "r 7"},
            {"reference": "Use capital letters, digits and hyphens, like PA1-03."},
            id="faulty reference",
        ),
        pytest.param({"target_likelihood": 2}, {"target_impact": "Choose the impact."}, id="target: half a pair"),
        pytest.param(
            {"target_likelihood": 6, "target_impact": 3},
            {"target_likelihood": "The likelihood must be between 1 and 5."},
            id="target: off the matrix",
        ),
        pytest.param(
            {"target_date": TODAY},
            {"target_date": "A target date needs a target: choose its likelihood and impact."},
            id="target: a date alone",
        ),
    ],
)
def test_a_faulty_risk_is_not_added(add: Add, given: dict[str, Any], said: dict[str, str]) -> None:
    assert faults(lambda: add(**given)) == said
    assert not Risk.objects.exists()
    assert not RiskChange.objects.exists()


def test_a_reference_is_given_once(add: Add, risk: Risk) -> None:
    assert faults(lambda: add(reference=" R01 ")) == {"reference": "Risk with this Reference already exists."}


def test_nobody_who_left_is_given_a_risk(add: Add, risk: Risk, revise: Callable[..., Risk], left: User) -> None:
    said = {"owner": "Officer Gone no longer has an account here. Choose somebody else."}

    assert faults(lambda: add(owner=left)) == said
    assert faults(lambda: revise(owner=left)) == said


def test_a_risk_whose_owner_left_can_be_revised_all_the_same(
    risk: Risk, revise: Callable[..., Risk], left: User
) -> None:
    Risk.objects.update(owner=left)

    assert revise(title="Another.", owner=left).title == "Another."


# Revised


@pytest.mark.parametrize(
    ("field", "value", "was", "now"),
    [
        pytest.param("title", " Other\r\nwords ", "Something", "Other\nwords", id="title"),
        pytest.param("cause", "Cost.", "", "Cost.", id="cause"),
        pytest.param("event", "It closes.", "", "It closes.", id="event"),
        pytest.param("consequence", "They wait.", "", "They wait.", id="consequence"),
        pytest.param("treatment", "tolerate", "", "tolerate", id="treatment"),
        pytest.param("frequency", "quarterly", "monthly", "quarterly", id="frequency"),
    ],
)
def test_a_revision_changes_a_field_and_keeps_what_it_was(
    risk: Risk, revise: Callable[..., Risk], office: User, at: dt.datetime, field: str, value: str, was: str, now: str
) -> None:
    Risk.objects.update(title="Something")

    revise(**{field: value}, reason=" Agreed.\r\n")

    assert getattr(Risk.objects.get(), field) == getattr(risk, field) == now
    assert risk.version == 2
    change = RiskChange.objects.get()
    assert (change.field, change.was, change.now, change.reason) == (field, was, now, "Agreed.")
    assert (change.changed_on, change.created_by, change.created_at) == (TODAY, office, at)


def test_a_new_owner_is_told_by_name(risk: Risk, revise: Callable[..., Risk]) -> None:
    was, to = risk.owner, UserFactory()

    revise(owner=to)

    assert Risk.objects.get().owner == to
    assert changes() == {("owner", str(was), str(to))}


@pytest.mark.parametrize("given", [list, Milestone.objects.filter, iter], ids=["list", "query", "iterator"])
def test_links_are_replaced_whole_and_told_by_their_codes(
    risk: Risk, revise: Callable[..., Risk], given: Callable[..., Any]
) -> None:
    first, second, third = (MilestoneFactory(reference=reference) for reference in ("PA1-01", "PA1-02", "PA1-03"))
    risk.milestones.set([first, second])
    wanted = [third, second]
    # As a form gives them: a query.
    now = given(pk__in=[each.pk for each in wanted]) if given == Milestone.objects.filter else given(wanted)

    revise(milestones=now)

    assert set(risk.milestones.all()) == set(wanted)
    assert changes() == {("milestones", "PA1-01, PA1-02", "PA1-02, PA1-03")}


def test_areas_are_told_by_their_codes(risk: Risk, revise: Callable[..., Risk]) -> None:
    risk.areas.add(PriorityAreaFactory(code="PA2"))
    PriorityAreaFactory(code="PA3")

    revise(areas=PriorityArea.objects.filter(code="PA3"))
    revise(areas=PriorityArea.objects.none())

    assert not risk.areas.exists()
    assert changes() == {("areas", "PA2", "PA3"), ("areas", "PA3", "")}


def test_several_fields_are_one_change_of_version(risk: Risk, revise: Callable[..., Risk]) -> None:
    revise(cause="Cost.", event="It closes.", title=risk.title)

    assert risk.version == 2
    assert changes() == {("cause", "", "Cost."), ("event", "", "It closes.")}


def test_without_a_difference_nothing_is_written(risk: Risk, revise: Callable[..., Risk]) -> None:
    milestone = MilestoneFactory()
    risk.milestones.add(milestone)
    same = {"title": f" {risk.title}\r\n", "owner": risk.owner, "inherent_likelihood": 4, "milestones": [milestone]}

    revise(**same, areas=[])

    assert not RiskChange.objects.exists()
    assert Risk.objects.get().version == 1


@pytest.mark.parametrize("reason", ["", " \r\n "], ids=["empty", "white space"])
@pytest.mark.parametrize("field", ["inherent_likelihood", "inherent_impact"])
def test_another_inherent_score_says_why(risk: Risk, revise: Callable[..., Risk], field: str, reason: str) -> None:
    assert faults(lambda: revise(**{field: 5}, reason=reason)) == {"reason": "Say why the inherent score is corrected."}


def test_another_inherent_score_moves_a_risk_that_was_never_reviewed(risk: Risk, revise: Callable[..., Risk]) -> None:
    revise(inherent_likelihood=5, inherent_impact=3, reason="More is known.")

    kept = Risk.objects.get()
    assert (kept.inherent_score, kept.score, kept.likelihood, kept.impact, kept.version) == (15, 15, 5, 3, 2)
    assert changes() == {("inherent_likelihood", "4", "5"), ("inherent_impact", "4", "3")}


def test_another_inherent_score_leaves_a_review_as_it_is(
    risk: Risk, revise: Callable[..., Risk], at: dt.datetime
) -> None:
    review_risk(risk=risk, likelihood=2, impact=2, reviewed_on=TODAY, note="Better.", by=risk.owner, at=at)

    revise(inherent_likelihood=5, reason="More is known.")

    assert (risk.inherent_score, risk.score, risk.version) == (20, 4, 3)


def test_another_inherent_score_corrects_what_was_judged_on_the_matrix_of_then(
    risk: Risk, revise: Callable[..., Risk]
) -> None:
    three = shipped_matrix("five-by-five-three-bands")
    MatrixChoice.objects.create(matrix=three, used_from=TODAY, created_at=LEARNED)

    revise(inherent_likelihood=5, reason="More is known.")

    assert risk.inherent_matrix == risk.matrix == shipped_matrix()
    before = Risk.objects.as_at(TODAY - dt.timedelta(days=30)).get()
    assert (before.score_on, before.matrix_on) == (20, shipped_matrix().pk)


def test_an_inherent_score_off_the_matrix_is_refused(risk: Risk, revise: Callable[..., Risk]) -> None:
    assert faults(lambda: revise(inherent_likelihood=6, inherent_impact=0, reason="More is known.")) == {
        "inherent_likelihood": "The likelihood must be between 1 and 5.",
        "inherent_impact": "The impact must be between 1 and 5.",
    }


@pytest.mark.parametrize("field", ["level", "score", "reference", "opened_on", "target_likelihood"])
def test_a_revision_knows_no_other_fields(revise: Callable[..., Risk], field: str) -> None:
    with pytest.raises(TypeError, match=f"risk's {field} cannot be revised"):
        revise(**{field: "x"})


@pytest.mark.parametrize("given", [{"title": " "}, {"frequency": "weekly"}, {"treatment": "hope"}, {"owner": None}])
def test_a_refused_revision_leaves_no_trace(risk: Risk, revise: Callable[..., Risk], given: dict[str, Any]) -> None:
    area, title = PriorityAreaFactory(), risk.title

    assert set(faults(lambda: revise(**given, areas=[area]))) == set(given)
    kept = Risk.objects.get()
    assert (kept.version, kept.title, kept.areas.count()) == (1, title, 0)
    assert not RiskChange.objects.exists()


def test_a_revision_based_on_an_older_version_is_told_so(risk: Risk, revise: Callable[..., Risk]) -> None:
    stale = Risk.objects.get()
    revise(title="First.", based_on_version=1)

    with pytest.raises(ChangedSince) as told:
        revise(risk=stale, title="Second.", based_on_version=1)

    assert (told.value.version, told.value.thing) == (2, risk)
    assert Risk.objects.get().title == "First."
    assert revise(title="Third.", based_on_version=2).title == "Third."


def test_a_second_click_revises_once(risk: Risk, revise: Callable[..., Risk]) -> None:
    revise(title="First.", based_on_version=1)
    revise(title="First.", based_on_version=1)

    assert (risk.version, RiskChange.objects.count()) == (2, 1)


def test_a_closed_risk_is_not_revised(risk: Risk, revise: Callable[..., Risk], office: User, at: dt.datetime) -> None:
    close_risk(risk=risk, reason="It can no longer happen.", on=TODAY, by=office, at=at)

    assert faults(lambda: revise(title="Other.")) == {"__all__": "R01 is closed. Open it again before you change it."}
