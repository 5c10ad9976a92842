"""The register as spreadsheets: risks, reviews and mitigations come in, again without a change, and with one."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from milestones.models import PriorityArea
from risks.models import (
    Escalation,
    Level,
    Movement,
    Risk,
    RiskChange,
    RiskReview,
    RiskTarget,
    State,
    StateChange,
    Treatment,
)
from risks.resources import RiskResource, RiskReviewResource
from risks.services import close_risk, set_target
from tests.factories import MilestoneFactory, PriorityAreaFactory, RiskFactory, UserFactory
from tests.factories.sheets import csv_file, faults, read, xlsx

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 1, 31)
OPENED = dt.date(2025, 5, 1)
IMPORTED = "Imported from register.xlsx"
REVIEW = ["Reference", "Date", "Likelihood", "Impact", "Note", "Reviewer"]
RISK_ROW = {
    "Reference": "R01",
    "Title": "Advice comes too late",
    "Cause": "Too few psychologists.",
    "Event": "Advice takes more than six weeks.",
    "Consequence": "Plans are late.",
    "Level": "Operational",
    "Owner": "lead@test.example",
    "Treatment": "Treat",
    "Priority areas": "PA1, AFI1",
    "Milestones": "PA1-01",
    "Inherent likelihood": 5,
    "Inherent impact": 4,
    "Target likelihood": 2,
    "Target impact": 3,
    "Target date": "30/04/2026",
    "Opened": "01/05/2025",
    "Closed": None,
}


@pytest.fixture
def lead(db: None) -> User:
    return UserFactory(email="lead@test.example", full_name="Officer Lead")


@pytest.fixture
def areas(db: None) -> list[PriorityArea]:
    return [PriorityAreaFactory(code="PA1", title="Governance"), PriorityAreaFactory(code="AFI1", title="Voice")]


@pytest.fixture
def bring(office: User, lead: User, areas: list[PriorityArea]) -> Callable[..., Any]:
    """Reads a sheet of one risk, and says what came of it: `bring(Level="Systemic")`."""
    MilestoneFactory(reference="PA1-01", area=areas[0])

    def one_row(row: dict[str, Any] | None = None, **changes: Any) -> Any:
        row = (row or RISK_ROW) | {name.replace("_", " "): value for name, value in changes.items()}
        return read(RiskResource, xlsx([list(row), list(row.values())]), "register.xlsx", by=office)

    return one_row


def changes(report: Any) -> list[str]:
    return [str(line) for line in report.effects]


# --- Risks ------------------------------------------------------------------------------------------------------------


def test_risk_comes_in_with_every_column(bring: Any, office: User, lead: User) -> None:
    report = bring()

    assert (faults(report), report.new, report.unknown) == ([], 1, [])
    risk = Risk.objects.get()
    words = (risk.reference, risk.title, risk.cause, risk.event, risk.consequence)
    assert words == tuple(RISK_ROW[name] for name in ("Reference", "Title", "Cause", "Event", "Consequence"))
    assert (risk.level, risk.first_level, risk.owner, risk.treatment) == (
        Level.OPERATIONAL,
        Level.OPERATIONAL,
        lead,
        Treatment.TREAT,
    )
    assert [area.code for area in risk.areas.order_by("code")] == ["AFI1", "PA1"]
    assert [milestone.reference for milestone in risk.milestones.all()] == ["PA1-01"]
    assert (risk.inherent_score, risk.score, risk.latest_review) == (20, 20, None)
    assert (risk.target_score, risk.target_date, risk.opened_on) == (6, dt.date(2026, 4, 30), OPENED)
    assert (risk.state, risk.created_by) == (State.OPEN, office)
    target = RiskTarget.objects.get()
    assert (target.set_on, list(target.points.values_list("due_on", "score"))) == (
        OPENED,
        [(dt.date(2026, 4, 30), 6)],
    )


def test_risk_needs_no_more_than_what_makes_a_risk(bring: Any) -> None:
    needed = ("Reference", "Title", "Level", "Owner", "Inherent likelihood", "Inherent impact", "Opened")

    report = bring({name: RISK_ROW[name] for name in needed})

    assert (faults(report), report.new) == ([], 1)
    risk = Risk.objects.get()
    assert (risk.cause, risk.treatment, risk.target_score, risk.closed_on) == ("", "", None, None)
    assert not RiskTarget.objects.exists()


@pytest.mark.parametrize(
    "headings",
    [
        pytest.param(
            {"Reference": " REF. ", "Title": "Nature of the Risk", "Owner": "RISK  OWNER", "Opened": "date-raised"},
            id="register",
        ),
        pytest.param(
            {"Reference": "Risk no.", "Title": "Risk", "Consequence": "Consequences of the risk occurring"},
            id="other register",
        ),
        pytest.param(
            {"Reference": "Risk ID", "Title": "nature of risk", "Priority areas": "Area s", "Closed": "Date Closed"},
            id="words apart",
        ),
    ],
)
def test_risk_is_read_whatever_its_headings_are_called(bring: Any, headings: dict[str, str]) -> None:
    report = bring({headings.get(name, name): value for name, value in RISK_ROW.items()})

    assert (faults(report), report.refused, report.new, report.unknown) == ([], "", 1, [])
    assert bring().unchanged == 1


def test_same_sheet_again_changes_nothing(bring: Any) -> None:
    bring()
    version = Risk.objects.get().version

    report = bring(
        Reference="r01",
        Owner="officer  LEAD",
        Level="O",
        Priority_areas="AFI1 - Voice; pa1\nGovernance",
    )

    assert (report.unchanged, report.changed, report.written) == (1, 0, True)
    assert Risk.objects.get().version == version
    assert RiskChange.objects.exclude(field="added").count() == 0


def test_every_faulty_cell_is_named_by_row_and_column(bring: Any) -> None:
    report = bring(
        Title=None,
        Level="Strategic",
        Owner="Somebody Unknown",
        Treatment="T",
        Priority_areas="PA1, PA9",
        Milestones="PA9-99",
        Inherent_likelihood=11,
        Inherent_impact="high",
        Target_impact=0,
        Target_date="31 September 2026",
        Opened="May",
    )

    assert faults(report) == [
        "row 2, Title: is missing",
        'row 2, Level: "Strategic" is not one of: Operational, Systemic',
        'row 2, Owner: "Somebody Unknown" is nobody in the portal, by email address or by full name',
        'row 2, Treatment: "T" could be Treat or Tolerate or Transfer or Terminate. Write the whole word',
        'row 2, Priority areas: "PA1, PA9" names PA9, which is not a priority area in the portal',
        'row 2, Milestones: "PA9-99" names PA9-99, which is not a milestone in the portal',
        'row 2, Inherent likelihood: "11" is not between 1 and 10',
        'row 2, Inherent impact: "high" is not a number',
        'row 2, Target impact: "0" is not between 1 and 10',
        'row 2, Target date: "31 September 2026" is not a date',
        'row 2, Opened: "May" is not a date',
    ]
    assert not Risk.objects.exists()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param(
            {"Inherent_likelihood": 6},
            'row 2, Inherent likelihood: "6": The likelihood must be between 1 and 5.',
            id="beyond the matrix",
        ),
        pytest.param(
            {"Target_likelihood": 6},
            'row 2, Target likelihood: "6": The likelihood must be between 1 and 5.',
            id="target beyond the matrix",
        ),
        pytest.param({"Target_impact": None}, "row 2, Target impact: Choose the impact.", id="half a target"),
        pytest.param(
            {"Target_likelihood": None, "Target_impact": None},
            'row 2, Target date: "30 April 2026": A target date needs a target: choose its likelihood and impact.',
            id="a date without a target",
        ),
        pytest.param(
            {"Opened": "01/02/2026"},
            'row 2, Opened: "1 February 2026": The date must be today or earlier.',
            id="opened in the future",
        ),
        pytest.param(
            {"Closed": "01/02/2026"},
            'row 2, Closed: "1 February 2026": The date must be today or earlier.',
            id="closed in the future",
        ),
        pytest.param(
            {"Closed": "30/04/2025"},
            'row 2, Closed: "30 April 2025": The date must not be before the risk was opened, on 1 May 2025.',
            id="closed before it was opened",
        ),
        pytest.param({"Title": "x" * 301}, "is longer than 300 characters", id="too long a title"),
        pytest.param({"Reference": "Total 5"}, "Use capital letters, digits and hyphens", id="no reference"),
    ],
)
def test_what_a_service_refuses_is_a_fault_of_its_cell(bring: Any, cells: dict[str, Any], said: str) -> None:
    report = bring(**cells)

    [fault] = faults(report)
    assert said in fault
    assert not Risk.objects.exists()


def test_reference_twice_in_a_sheet_is_a_fault(bring: Any, office: User) -> None:
    rows = [list(RISK_ROW), list(RISK_ROW.values()), ["r01", *list(RISK_ROW.values())[1:]]]

    report = read(RiskResource, xlsx(rows), by=office)

    assert faults(report) == ['row 3, Reference: "R01" is in row 2 as well']


def test_changed_risk_says_in_its_history_what_changed_and_which_sheet_said_so(bring: Any, office: User) -> None:
    bring()
    UserFactory(email="new@test.example", full_name="Officer New")

    report = bring(
        Title="Advice comes late",
        Cause=None,
        Owner="new@test.example",
        Treatment="Tolerate",
        Priority_areas="PA1",
        Milestones=None,
        Inherent_impact=5,
    )

    assert changes(report) == [
        "row 2, R01, Title: Advice comes too late → Advice comes late",
        "row 2, R01, Cause: Too few psychologists. → (blank)",
        "row 2, R01, Owner: Officer Lead → Officer New",
        "row 2, R01, Treatment: Treat → Tolerate",
        "row 2, R01, Priority areas: AFI1, PA1 → PA1",
        "row 2, R01, Milestones: PA1-01 → (blank)",
        "row 2, R01, Inherent impact: 4 → 5",
    ]
    history = RiskChange.objects.exclude(field="added")
    fields = {"title", "cause", "owner", "treatment", "areas", "milestones", "inherent_impact"}
    assert set(history.values_list("field", "reason", "created_by")) == {(name, IMPORTED, office.pk) for name in fields}
    risk = Risk.objects.get()
    assert (risk.owner.email, risk.inherent_score, risk.score) == ("new@test.example", 25, 25)
    assert list(risk.areas.values_list("code", flat=True)) == ["PA1"]


def test_another_level_escalates_as_at_the_day_of_the_import(bring: Any, office: User) -> None:
    bring()

    report = bring(Level="Systemic")

    assert changes(report) == ["row 2, R01, Level: Operational → Systemic"]
    move = Escalation.objects.get()
    assert (move.from_level, move.to_level, move.moved_on) == (Level.OPERATIONAL, Level.SYSTEMIC, TODAY)
    assert (move.reason, move.created_by) == (IMPORTED, office)
    assert (Risk.objects.get().level, Risk.objects.get().first_level) == (Level.SYSTEMIC, Level.OPERATIONAL)


def test_closed_date_closes_the_risk_and_the_sheet_is_why(bring: Any) -> None:
    bring()

    report = bring(Closed="20/01/2026")

    assert changes(report) == ["row 2, R01, Closed: (blank) → 20 January 2026"]
    closing = StateChange.objects.get()
    assert (closing.state, closing.changed_on, closing.reason) == (State.CLOSED, dt.date(2026, 1, 20), IMPORTED)
    assert bring(Closed="20/01/2026").unchanged == 1
    # Blank keeps: last month's sheet opens nothing again.
    assert bring().unchanged == 1
    assert Risk.objects.get().is_closed


def test_new_risk_that_is_closed_already_was_open_until_then(bring: Any) -> None:
    bring(Closed="20/01/2026")

    register = Risk.objects.as_at(TODAY).with_movement(TODAY)
    assert register.get().movement_on == Movement.CLOSED
    assert Risk.objects.as_at(dt.date(2026, 1, 19)).get().state_on == State.OPEN


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param(
            {"Opened": "02/05/2025"},
            'row 2, Opened: "2 May 2025": The risk was opened on 1 May 2025. A sheet can’t change that.',
            id="opened",
        ),
        pytest.param(
            {"Target_impact": None}, "row 2, Target impact: Choose the impact.", id="half of the target taken away"
        ),
    ],
)
def test_change_that_a_sheet_cannot_make_is_a_fault(bring: Any, cells: dict[str, Any], said: str) -> None:
    bring()

    report = bring(**cells)

    assert faults(report) == [said]
    assert not report.written


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        pytest.param({"Title": "Other"}, "R01 is closed. Open it again before you change it.", id="words"),
        pytest.param({"Level": "Systemic"}, "R01 is closed. Open it again before you change it.", id="level"),
        pytest.param(
            {"Closed": "21/01/2026"}, "The risk is closed already. A sheet can’t move the day.", id="closing day"
        ),
    ],
)
def test_closed_risk_is_not_changed(bring: Any, cells: dict[str, Any], said: str) -> None:
    bring(Closed="20/01/2026")

    report = bring(**cells)

    [fault] = faults(report)
    assert said in fault


def test_another_target_keeps_the_planned_scores_that_are_before_its_date(bring: Any, at: dt.datetime) -> None:
    bring()
    points = [(dt.date(2025, 9, 30), 16), (dt.date(2026, 2, 28), 12), (dt.date(2026, 3, 31), 9)]
    pair = {"likelihood": 2, "impact": 3, "due_on": dt.date(2026, 4, 30)}
    set_target(risk=Risk.objects.get(), **pair, points=points, reason="Agreed.", by=None, at=at)

    report = bring(Target_impact=2, Target_date="15/03/2026")

    assert changes(report) == [
        "row 2, R01, Target impact: 3 → 2",
        "row 2, R01, Target date: 30 April 2026 → 15 March 2026",
    ]
    target = RiskTarget.objects.first()
    assert (target.score, target.reason, target.set_on) == (4, IMPORTED, TODAY)
    assert list(target.points.values_list("due_on", "score")) == [*points[:2], (dt.date(2026, 3, 15), 4)]
    assert RiskTarget.objects.count() == 3
    assert bring(Target_impact=2, Target_date="15/03/2026").unchanged == 1


def test_blank_target_takes_the_target_away_and_a_sheet_without_the_columns_does_not(bring: Any) -> None:
    bring()

    assert bring({k: v for k, v in RISK_ROW.items() if not k.startswith("Target")}).unchanged == 1
    report = bring(Target_likelihood=None, Target_impact=None, Target_date=None)

    assert (faults(report), report.changed) == ([], 1)
    risk = Risk.objects.get()
    assert (risk.target_score, risk.target_date) == (None, None)
    assert RiskTarget.objects.count() == 2


@pytest.mark.parametrize(("rows", "more"), [(2, 25)])
def test_queries_do_not_grow_with_rows_that_say_nothing_new(
    bring: Any, office: User, count_queries: Any, rows: int, more: int
) -> None:
    def sheet(count: int) -> io.BytesIO:
        lines = [[f"R{number:02}", *list(RISK_ROW.values())[1:]] for number in range(count)]
        return csv_file([list(RISK_ROW), *lines])

    assert read(RiskResource, sheet(more), "r.csv", by=office).new == more
    counts = [count_queries(lambda n=n: read(RiskResource, sheet(n), "r.csv", by=office)) for n in (rows, more)]
    assert counts[0] == counts[1]


def test_person_who_left_gets_no_risk(bring: Any, office: User, at: dt.datetime) -> None:
    gone = {"is_active": False, "deactivated_at": at, "deactivated_by": office}
    UserFactory(email="gone@test.example", full_name="Officer Gone", **gone)

    assert faults(bring(Owner="gone@test.example")) == [
        'row 2, Owner: "Officer Gone": Officer Gone no longer has an account here. Choose somebody else.'
    ]


# --- Reviews ----------------------------------------------------------------------------------------------------------


def test_reviews_come_in_once_and_move_the_risk(risk: Risk, office: User, lead: User) -> None:
    rows = [
        ["r01", "31/01/2026", 2, 3, "Two posts are filled.", "Officer Lead"],
        ["R01", "Dec 2025", "3", 4.0, None, lead.email],
    ]

    report = read(RiskReviewResource, xlsx([REVIEW, *rows, rows[0]]), by=office)

    assert (faults(report), report.new, report.unchanged) == ([], 2, 1)
    risk.refresh_from_db()
    assert (risk.score, risk.latest_review.note, risk.latest_review.reviewer) == (6, "Two posts are filled.", lead)
    days = RiskReview.objects.order_by("reviewed_on").values_list("reviewed_on", "score", "next_review_on")
    assert list(days) == [
        (dt.date(2025, 12, 31), 12, dt.date(2026, 1, 31)),
        (dt.date(2026, 1, 31), 6, dt.date(2026, 2, 28)),
    ]
    assert read(RiskReviewResource, xlsx([REVIEW, *rows]), by=office).unchanged == 2
    assert RiskReview.objects.count() == 2


def test_of_two_reviews_of_one_day_the_later_row_counts(risk: Risk, office: User, lead: User) -> None:
    rows = [["R01", TODAY, score, score, "", lead.email] for score in (2, 3, 4)]

    assert read(RiskReviewResource, xlsx([REVIEW, *rows]), by=office).new == 3

    assert RiskReview.objects.effective().get().score == 16
    assert read(RiskReviewResource, xlsx([REVIEW, *rows]), by=office).unchanged == 3


@pytest.mark.parametrize(
    "headings",
    [
        pytest.param(
            ["Risk", "Review date", "Current likelihood", "Current impact", "Comment", "Reviewer"], id="words"
        ),
        pytest.param(["RISK REF", "as-at", "LIKELIHOOD", "im pact", "Commentary", "reviewer"], id="case and spacing"),
    ],
)
def test_reviews_are_read_whatever_their_headings_are_called(
    risk: Risk, office: User, lead: User, headings: list[str]
) -> None:
    report = read(RiskReviewResource, xlsx([headings, ["R01", TODAY, 2, 2, "x", lead.email]]), by=office)

    assert (report.new, report.unknown) == (1, [])


def test_faulty_reviews_are_named_by_row_and_cell_and_the_sound_ones_counted(
    risk: Risk, office: User, lead: User, at: dt.datetime
) -> None:
    closed = RiskFactory(reference="R02")
    close_risk(risk=closed, reason="Over.", on=dt.date(2026, 1, 10), by=office, at=at)
    rows = [
        ["R01", "01/02/2026", 2, 3, "", lead.email],
        ["R01", "30/04/2025", 2, 3, "", lead.email],
        ["R01", TODAY, 6, 3, "", lead.email],
        ["R09", TODAY, 11, "x", "", "Somebody"],
        ["R02", "11/01/2026", 2, 3, "", lead.email],
        ["R02", "09/01/2026", 2, 3, "Before it was closed", lead.email],
    ]

    report = read(RiskReviewResource, xlsx([REVIEW, *rows]), by=office)

    assert faults(report) == [
        'row 2, Date: "1 February 2026": The date must be today or earlier.',
        'row 3, Date: "30 April 2025": The date must not be before the risk was opened, on 1 May 2025.',
        'row 4, Likelihood: "6": The likelihood must be between 1 and 5.',
        'row 5, Reference: "R09" is not a risk in the portal',
        'row 5, Likelihood: "11" is not between 1 and 10',
        "row 5, Impact: is missing",
        'row 5, Reviewer: "Somebody" is nobody in the portal, by email address or by full name',
        'row 6, Date: "11 January 2026": The risk was closed before this date.',
    ]
    assert (report.new, report.faulty, report.written) == (1, 5, False)
    assert not RiskReview.objects.exists()


def test_reviews_make_the_same_queries_for_two_rows_and_for_many(lead: User, office: User, count_queries: Any) -> None:
    for number in range(25):
        RiskFactory(reference=f"R{number:02}", owner=lead)

    def sheet(count: int, note: str) -> io.BytesIO:
        return xlsx([REVIEW, *[[f"R{n:02}", TODAY, 2, 3, note, lead.email] for n in range(count)]])

    files = [sheet(2, "few"), sheet(25, "many")]
    counts = [count_queries(lambda file=file: read(RiskReviewResource, file, by=office)) for file in files]
    assert counts[0] == counts[1]
