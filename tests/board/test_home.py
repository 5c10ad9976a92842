"""The first page: what each role finds there."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role, User
from board.models import ReportingMonth
from core.models import SheetUpload
from milestones.models import Milestone, MilestoneDependency, MilestoneDraft, Status
from milestones.services import confirm_update, record_update
from risks.services import close_risk, review_risk
from tests.factories import (
    MilestoneDependencyFactory,
    MilestoneFactory,
    MilestoneUpdateFactory,
    MitigationFactory,
    ReportingMonthFactory,
    RiskFactory,
    RiskReviewFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = dt.datetime(2026, 2, 3, 9, 0, tzinfo=dt.UTC)
"""The return for January is being collected: it closes on 6 February."""


@pytest.fixture(autouse=True)
def _now(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def home(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return response.content.decode()


def section(html: str, heading: str) -> str:
    return html.partition(f'aria-labelledby="{heading}"')[2].partition("</section>")[0]


def reported(milestone: Milestone, by: User, at: dt.datetime = NOW) -> Any:
    return record_update(
        milestone=milestone, status=Status.ON_TRACK, as_at=dt.date(2026, 1, 31), progress="Going well.", by=by, at=at
    )


# --- Who goes where -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roles", [[Role.BOARD_MEMBER], [Role.AUDITOR], []], ids=["board member", "auditor", "no role"])
def test_who_only_reads_goes_on_to_the_dashboard(signed_in: SignIn, roles: list[Role]) -> None:
    response = signed_in(UserFactory(roles=roles)).get("/")

    assert (response.status_code, response["Location"]) == (302, "/dashboard/")


@pytest.mark.parametrize(
    ("roles", "has", "has_not"),
    [
        pytest.param([Role.OFFICER], ["owed-heading"], ["missing-heading", "api-heading"], id="officer"),
        pytest.param([Role.SRO], ["owed-heading"], ["missing-heading", "api-heading"], id="SRO"),
        pytest.param([Role.PROGRAMME_OFFICE], ["missing-heading"], ["owed-heading", "api-heading"], id="office"),
        pytest.param([Role.ANALYST], ["api-heading"], ["owed-heading", "missing-heading"], id="analyst"),
        pytest.param(
            [Role.OFFICER, Role.PROGRAMME_OFFICE, Role.ANALYST],
            ["owed-heading", "missing-heading", "api-heading"],
            [],
            id="several roles",
        ),
    ],
)
def test_home_has_the_parts_of_each_role(
    signed_in: SignIn, roles: list[Role], has: list[str], has_not: list[str]
) -> None:
    html = home(signed_in(UserFactory(roles=roles)))

    assert [name for name in has if f'id="{name}"' not in html] == []
    assert [name for name in has_not if f'id="{name}"' in html] == []
    assert html.count("<h1") == 1


def test_a_board_member_who_answers_for_a_milestone_has_their_work(signed_in: SignIn) -> None:
    person = UserFactory(roles=[Role.BOARD_MEMBER])
    milestone = MilestoneFactory(responsible_officer=person)

    assert milestone.reference in home(signed_in(person))


def test_home_asks_for_a_sign_in() -> None:
    assert "/account/sign-in/" in Client().get("/")["Location"]


# --- My work --------------------------------------------------------------------------------------------------------


def test_what_i_owe_comes_first_with_its_day_and_button(officer: User, signed_in: SignIn) -> None:
    owed = MilestoneFactory(responsible_officer=officer)
    done = MilestoneFactory(responsible_officer=officer)
    reported(done, officer)
    somebody_elses = MilestoneFactory()

    html = home(signed_in(officer))

    assert "Updates for January 2026 are due by 6 February 2026: 3 days left." in html
    owed_part, others = section(html, "owed-heading"), section(html, "others-heading")
    assert f"/milestones/{owed.reference}/update/" in owed_part
    assert done.reference not in owed_part
    assert done.reference in others
    assert somebody_elses.reference not in html


def test_the_offices_moved_cut_off_is_the_one_told(officer: User, signed_in: SignIn) -> None:
    MilestoneFactory(responsible_officer=officer)
    ReportingMonthFactory(month="2026-01", cut_off=dt.date(2026, 2, 4))

    assert "due by 4 February 2026: tomorrow" in home(signed_in(officer))


def test_my_drafts_are_mine_alone(officer: User, signed_in: SignIn) -> None:
    milestone = MilestoneFactory(responsible_officer=officer)
    MilestoneDraft.objects.create(
        milestone=milestone, author=officer, typed={}, based_on_version=1, saved_at=NOW, created_at=NOW
    )

    assert milestone.reference in section(home(signed_in(officer)), "drafts-heading")
    assert "drafts-heading" not in home(signed_in(milestone.sro))


def test_an_sro_finds_the_updates_to_confirm_until_they_are(signed_in: SignIn, officer: User) -> None:
    sro = UserFactory(roles=[Role.SRO])
    milestone = MilestoneFactory(responsible_officer=officer, sro=sro)
    update = reported(milestone, officer)

    assert officer.full_name in section(home(signed_in(sro)), "confirm-heading")
    assert "confirm-heading" not in home(signed_in(officer))

    confirm_update(update=update, by=sro, at=NOW)

    assert "confirm-heading" not in home(signed_in(sro))


def test_a_blocker_that_slips_is_told_to_both_its_owners(signed_in: SignIn) -> None:
    first, second, third = (UserFactory(roles=[Role.OFFICER]) for _ in range(3))
    MilestoneDependencyFactory(
        blocker=MilestoneFactory(responsible_officer=first, baseline_due_date=dt.date(2026, 6, 30)),
        dependent=MilestoneFactory(responsible_officer=second, baseline_due_date=dt.date(2026, 3, 31)),
        kind=MilestoneDependency.Kind.BLOCKS,
    )

    assert "expected 30 Jun 2026" in section(home(signed_in(first)), "slipping-heading")
    assert "expected 30 Jun 2026" in section(home(signed_in(second)), "slipping-heading")
    assert "slipping-heading" not in home(signed_in(third))


def test_my_work_asks_the_same_of_two_milestones_and_of_25(
    officer: User, signed_in: SignIn, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = signed_in(officer)

    def more(number: int) -> None:
        for _ in range(number):
            milestone = MilestoneFactory(responsible_officer=officer, sro=officer)
            MilestoneUpdateFactory(milestone=milestone)

    more(2)
    home(client)
    few = count_queries(lambda: home(client))
    more(23)

    assert count_queries(lambda: home(client)) == few


# --- My risks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "reviewed_on", "said"),
    [
        pytest.param("monthly", "2026-01-02", "Review was due 2 February 2026", id="older than a month"),
        pytest.param("monthly", "2026-01-10", "Review due 10 February 2026", id="due in a week"),
        pytest.param("quarterly", "2025-11-02", "Review was due 2 February 2026", id="older than three months"),
    ],
)
def test_a_risk_whose_review_is_older_than_its_frequency_is_asked_for(
    officer: User, signed_in: SignIn, frequency: str, reviewed_on: str, said: str
) -> None:
    risk = RiskFactory(owner=officer, title="Staff leave", frequency=frequency)
    day = dt.date.fromisoformat(reviewed_on)
    review_risk(risk=risk, likelihood=4, impact=4, reviewed_on=day, by=officer, at=NOW)

    html = home(signed_in(officer))

    owed = section(html, "reviews-heading")
    assert "1 risk to review" in owed
    assert said in owed
    assert f'href="/risks/{risk.reference}/review/?next=/"' in owed
    assert "other-risks-heading" not in html
    assert "reviews-heading" not in home(signed_in(UserFactory()))


@pytest.mark.parametrize(
    ("frequency", "reviewed_on"),
    [
        pytest.param("monthly", "2026-01-11", id="due in eight days"),
        pytest.param("quarterly", "2025-12-20", id="not older than three months"),
    ],
)
def test_a_risk_that_was_reviewed_recently_is_not_asked_for(
    officer: User, signed_in: SignIn, frequency: str, reviewed_on: str
) -> None:
    risk = RiskFactory(owner=officer, frequency=frequency)
    day = dt.date.fromisoformat(reviewed_on)
    review_risk(risk=risk, likelihood=4, impact=4, reviewed_on=day, by=officer, at=NOW)

    html = home(signed_in(officer))

    assert "reviews-heading" not in html
    assert risk.reference in section(html, "other-risks-heading")


def test_a_board_member_who_owns_a_risk_has_their_work(signed_in: SignIn) -> None:
    person = UserFactory(roles=[Role.BOARD_MEMBER])
    risk = RiskFactory(owner=person)

    html = home(signed_in(person))

    assert '<h1 class="govuk-heading-l">My work</h1>' in html
    assert risk.reference in section(html, "reviews-heading")


def test_my_actions_are_mine_still_to_do_and_say_when_they_are_late(officer: User, signed_in: SignIn) -> None:
    late = MitigationFactory(owner=officer, due_date=dt.date(2026, 2, 2))
    soon = MitigationFactory(owner=officer, due_date=dt.date(2026, 2, 3), status="under_way")
    others = [
        MitigationFactory(due_date=dt.date(2026, 2, 2)),
        MitigationFactory(owner=officer, status="done"),
        MitigationFactory(owner=officer, kind="control", status="in_place"),
    ]

    actions = section(home(signed_in(officer)), "actions-heading")

    assert actions.index(late.reference) < actions.index(soon.reference)
    assert '<span class="app-overdue">Due 2 Feb 2026</span>' in actions
    assert '<span class="app-quiet">Due 3 Feb 2026</span>' in actions
    assert f"/risks/{late.risk.reference}/mitigations/{late.pk}/?next=/" in actions
    assert [each.reference for each in others if f">{each.reference}<" in actions] == []


def test_nothing_of_a_closed_risk_is_asked_for(office: User, officer: User, signed_in: SignIn) -> None:
    risk = RiskFactory(owner=officer)
    MitigationFactory(risk=risk)
    close_risk(risk=risk, reason="Merged.", on=NOW.date(), by=office, at=NOW)

    html = home(signed_in(officer))

    assert risk.reference not in html


def test_my_risks_ask_the_same_of_two_and_of_25(
    officer: User, signed_in: SignIn, count_queries: Callable[[Callable[[], Any]], int]
) -> None:
    client = signed_in(officer)

    def more(number: int) -> None:
        for _ in range(number):
            RiskReviewFactory(risk=RiskFactory(owner=officer), reviewed_on=dt.date(2025, 12, 1))
            MitigationFactory(risk=RiskFactory(owner=officer, first_review_by=dt.date(2026, 6, 1)))

    more(2)
    home(client)
    few = count_queries(lambda: home(client))
    more(23)

    assert count_queries(lambda: home(client)) == few


# --- The programme office -------------------------------------------------------------------------------------------


def test_the_office_sees_who_still_has_to_report(office: User, signed_in: SignIn) -> None:
    behind = UserFactory(full_name="Officer Behind")
    for _ in range(2):
        MilestoneFactory(responsible_officer=behind)
    done = MilestoneFactory()
    reported(done, done.responsible_officer)

    html = home(signed_in(office))

    assert "2 updates missing" in html
    missing = section(html, "missing-heading")
    assert "Officer Behind" in missing
    assert "2 milestones" in missing
    assert done.responsible_officer.full_name not in missing


def test_the_offices_numbers_lead_to_as_many_rows(office: User, signed_in: SignIn) -> None:
    behind = UserFactory()
    for _ in range(3):
        MilestoneFactory(responsible_officer=behind)
    client = signed_in(office)

    [link] = [part.partition('"')[0] for part in home(client).split('href="') if part.startswith("/milestones/?owner=")]

    assert client.get(link.replace("&amp;", "&")).context["paginator"].count == 3


def test_the_office_sees_months_to_close_and_to_sign_off(office: User, signed_in: SignIn) -> None:
    ReportingMonthFactory(month="2025-12", cut_off=dt.date(2026, 1, 8))
    ReportingMonthFactory(month="2025-11", cut_off=dt.date(2025, 12, 5), state=ReportingMonth.State.CLOSED)
    ReportingMonthFactory(month="2026-01")

    html = home(signed_in(office))

    assert "1 month to close" in html
    assert "1 month to sign off" in html
    assert 'href="/months/2025-12/"' in html
    assert 'href="/months/2025-11/"' in html
    assert 'href="/months/2026-01/"' not in html


def test_the_office_sees_people_without_a_role_and_the_latest_imports(office: User, signed_in: SignIn) -> None:
    UserFactory(roles=[])
    SheetUpload.objects.create(
        kind="milestones", original_name="tracker.xlsx", created_at=NOW, created_by=office, moved_at=NOW
    )

    html = home(signed_in(office))

    assert "1 person has no role" in html
    assert "tracker.xlsx" in section(html, "imports-heading")


def test_an_office_with_nothing_to_do_is_told_so(office: User, signed_in: SignIn) -> None:
    MilestoneFactory(added_on=dt.date(2026, 3, 1))

    html = home(signed_in(office))

    for words in ("All updates are in", "No month to close", "Nothing to sign off", "Everyone has a role"):
        assert words in html
    for words in ("All risk reviews are in", "Every open risk has a mitigation"):
        assert words in html


def test_the_office_sees_reviews_overdue_and_risks_without_mitigation(office: User, signed_in: SignIn) -> None:
    MitigationFactory(risk=RiskFactory(first_review_by=dt.date(2026, 2, 2)))
    for due in (dt.date(2026, 2, 2), dt.date(2026, 2, 3)):
        RiskFactory(first_review_by=due)
    client = signed_in(office)

    html = home(client)

    assert "2 risk reviews overdue" in html
    assert "2 without mitigation" in html
    for address in ("/risks/?review=overdue", "/risks/?unmitigated=true"):
        assert f'href="{address}"' in html
        assert "Showing 2 of 3" in client.get(address).content.decode()


def test_an_office_without_a_plan_is_told_how_to_begin(office: User, signed_in: SignIn) -> None:
    html = home(signed_in(office))

    assert "There is no plan yet" in html
    assert "All updates are in" not in html


# --- The analyst ----------------------------------------------------------------------------------------------------


def test_the_analyst_is_led_to_a_token_and_to_figures_that_exist(analyst: User, signed_in: SignIn) -> None:
    ReportingMonthFactory(month="2025-12", figures_at=NOW)
    ReportingMonthFactory(month="2026-01")
    client = signed_in(analyst)

    html = home(client)

    assert 'href="/account/tokens/"' in html
    assert "http://testserver/api/v1/figures/?month=2025-12&amp;area=all" in html
    [link] = [part.partition('"')[0] for part in html.split('href="') if part.startswith("/api/v1/figures/")]
    assert client.get(link.replace("&amp;", "&")).status_code == 200
