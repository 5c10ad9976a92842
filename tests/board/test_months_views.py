import datetime as dt
import hashlib
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from board import services
from board.figures import SECTIONS
from board.models import Figure, MonthChange, ReportingMonth, RollupRun
from milestones.models import Milestone, Status
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory

pytestmark = pytest.mark.django_db
State = ReportingMonth.State
Step = MonthChange.What
AT = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)
SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _february_2026() -> object:
    with time_machine.travel(AT) as traveller:
        yield traveller


@pytest.fixture
def month() -> ReportingMonth:
    MilestoneUpdateFactory(as_at=dt.date(2026, 1, 20), status=Status.OFF_TRACK)
    row = ReportingMonthFactory(month="2026-01", cut_off=dt.date(2026, 2, 6))
    return rolled_up(row)


def rolled_up(month: ReportingMonth) -> ReportingMonth:
    for section in SECTIONS:
        services.run_section(month=month, section=section, at=AT)
    return services.finish_month(month=month)


@pytest.fixture
def sealed(month: ReportingMonth, office: User) -> ReportingMonth:
    services.close_month(month=month, by=office, at=AT)
    return services.sign_off_month(month=month, reason="The board of 9 February.", by=office, at=AT)


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


# --- Reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["office", "officer", "board_member", "analyst"])
def test_everyone_reads_the_months(
    request: pytest.FixtureRequest, signed_in: SignIn, month: ReportingMonth, person: str
) -> None:
    browser = signed_in(request.getfixturevalue(person))

    assert "January 2026" in text(browser.get("/months/"))
    page = text(browser.get("/months/2026-01/"))
    assert "/milestones/?status=off_track&amp;as_at=2026-01-31" in page
    assert "10 February 2026 at 9:00am" in page


@pytest.mark.parametrize("address", ["2026-02", "2026-13", "nonsense"])
def test_month_that_is_not_there_is_not_found(signed_in: SignIn, officer: User, address: str) -> None:
    assert signed_in(officer).get(f"/months/{address}/").status_code == 404


def test_only_the_office_is_offered_steps(
    signed_in: SignIn, month: ReportingMonth, officer: User, office: User
) -> None:
    address = "/months/2026-01/close/"

    assert address in text(signed_in(office).get("/months/2026-01/"))
    assert address not in text(signed_in(officer).get("/months/2026-01/"))


@pytest.mark.parametrize("step", ["recompute", "cut-off", "close", "reopen", "sign-off"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_only_the_office_takes_steps(
    signed_in: SignIn, month: ReportingMonth, officer: User, step: str, method: str
) -> None:
    assert getattr(signed_in(officer), method)(f"/months/2026-01/{step}/").status_code == 403
    month.refresh_from_db()
    assert month.state == State.OPEN


def test_list_asks_the_same_number_of_queries_of_any_number_of_months(
    signed_in: SignIn, officer: User, month: ReportingMonth, count_queries: Callable[..., int]
) -> None:
    browser = signed_in(officer)
    browser.get("/months/")
    few = count_queries(lambda: browser.get("/months/"))
    for number in range(1, 13):
        ReportingMonthFactory(month=f"2025-{number:02d}")

    assert count_queries(lambda: browser.get("/months/")) == few


def test_month_that_is_being_computed_says_so(signed_in: SignIn, officer: User, month: ReportingMonth) -> None:
    run = RollupRun.objects.create(month=month, section="milestones", started_at=AT)
    assert "being recalculated" in text(signed_in(officer).get("/months/2026-01/"))

    # Longer than a task may take: its worker was killed.
    run.started_at = AT - dt.timedelta(hours=1)
    run.save()
    assert "being recalculated" not in text(signed_in(officer).get("/months/2026-01/"))


def test_month_whose_last_computing_failed_says_so_and_why_to_the_office(
    signed_in: SignIn, officer: User, office: User, month: ReportingMonth
) -> None:
    failed = RollupRun.State.FAILED
    RollupRun.objects.create(month=month, section="milestones", started_at=AT, state=failed, error="It broke.")

    assert "last recalculation failed" in text(signed_in(officer).get("/months/2026-01/"))
    assert "It broke." not in text(signed_in(officer).get("/months/2026-01/"))
    assert "It broke." in text(signed_in(office).get("/months/2026-01/"))


# --- Steps ----------------------------------------------------------------------------------------------------------


def test_office_opens_a_month(signed_in: SignIn, office: User) -> None:
    browser = signed_in(office)
    assert 'value="2026-02"' in text(browser.get("/months/new/"))

    response = browser.post("/months/new/", {"month": "2026-02"}, follow=True)

    assert "February 2026 is open for returns." in text(response)
    assert ReportingMonth.objects.get().changes.get().created_by == office


@pytest.mark.parametrize(
    ("typed", "words"),
    [("2026-3", "Write the month like 2026-01."), ("2026-03", "has not begun yet"), ("", "Enter a month.")],
)
def test_month_that_cannot_be_opened_is_refused_on_the_form(
    signed_in: SignIn, office: User, typed: str, words: str
) -> None:
    response = signed_in(office).post("/months/new/", {"month": typed})

    assert response.status_code == 200
    assert words in text(response)


def test_office_recalculates_a_month(
    signed_in: SignIn, office: User, month: ReportingMonth, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=dt.date(2026, 1, 25), status=Status.DELAYED)
    browser = signed_in(office)

    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/months/2026-01/recompute/")

    assert Figure.objects.get(code="milestones.delayed", area="").value == 1


def test_signed_off_month_is_not_recalculated(signed_in: SignIn, office: User, sealed: ReportingMonth) -> None:
    response = signed_in(office).post("/months/2026-01/recompute/")

    assert "is signed off, and its figures never change" in text(response)
    assert sealed.runs.count() == len(SECTIONS)


def test_office_moves_the_cut_off(signed_in: SignIn, office: User, month: ReportingMonth) -> None:
    form = {"to_day": "12", "to_month": "2", "to_year": "2026", "reason": "The data came late."}

    response = signed_in(office).post("/months/2026-01/cut-off/", form, follow=True)

    assert "The cut-off of January 2026 is now 12 February 2026." in text(response)
    assert "From 6 February 2026 to 12 February 2026" in text(response)
    assert "The data came late." in text(response)


def test_cut_off_that_is_refused_keeps_what_was_typed(signed_in: SignIn, office: User, month: ReportingMonth) -> None:
    form = {"to_day": "31", "to_month": "1", "to_year": "2026", "reason": "The data came late."}

    response = signed_in(office).post("/months/2026-01/cut-off/", form)

    assert "Choose a date after 31 January 2026" in text(response)
    assert "The data came late." in text(response)


def test_office_closes_reopens_and_signs_off(signed_in: SignIn, office: User, month: ReportingMonth) -> None:
    browser = signed_in(office)
    assert "is closed" in text(browser.post("/months/2026-01/close/", {"reason": ""}, follow=True))
    again = browser.post("/months/2026-01/reopen/", {"reason": "One return was lost."}, follow=True)
    assert "is open again" in text(again)
    browser.post("/months/2026-01/close/", {"reason": ""})
    page = text(browser.get("/months/2026-01/sign-off/"))
    digest = services.digest_of(month)
    assert digest in page

    form = {"digest": digest, "reason": "Improvement Board of 9 February."}
    signed = text(browser.post("/months/2026-01/sign-off/", form, follow=True))

    assert "is signed off. Its figures are sealed." in signed
    assert digest in signed
    assert "The stored figures match their digest." in signed
    steps = list(month.changes.order_by("pk").values_list("what", flat=True))
    assert steps == [Step.CLOSED, Step.REOPENED, Step.CLOSED, Step.SIGNED_OFF]


def test_sign_off_of_an_open_month_says_to_close_it_first(
    signed_in: SignIn, office: User, month: ReportingMonth
) -> None:
    browser = signed_in(office)

    assert "Close it</a> first" in text(browser.get("/months/2026-01/sign-off/"))
    form = {"digest": services.digest_of(month), "reason": "Improvement Board of 9 February."}
    assert "so it cannot become signed off" in text(browser.post("/months/2026-01/sign-off/", form))


def test_sign_off_of_other_figures_than_those_shown_is_refused_and_shows_the_new_ones(
    signed_in: SignIn, office: User, month: ReportingMonth
) -> None:
    services.close_month(month=month, by=office, at=AT)
    browser = signed_in(office)
    shown = services.digest_of(month)
    MilestoneUpdateFactory(milestone=Milestone.objects.get(), as_at=dt.date(2026, 1, 25), status=Status.DELAYED)
    rolled_up(month)

    form = {"digest": shown, "reason": "Improvement Board of 9 February."}
    response = browser.post("/months/2026-01/sign-off/", form)

    assert "The figures changed while this page was open." in text(response)
    # The next try is about the figures that are on the page now.
    assert f'value="{services.digest_of(month)}"' in text(response)
    month.refresh_from_db()
    assert month.state == State.CLOSED


def test_anyone_can_check_the_seal_with_the_file(signed_in: SignIn, officer: User, sealed: ReportingMonth) -> None:
    response = signed_in(officer).get("/months/2026-01/figures.txt")

    assert response.headers["Content-Disposition"] == 'attachment; filename="figures-2026-01.txt"'
    assert hashlib.sha256(response.content).hexdigest() == sealed.digest


def test_figures_changed_behind_the_seal_are_betrayed(signed_in: SignIn, officer: User, sealed: ReportingMonth) -> None:
    Figure.objects.filter(code="milestones.off_track", area="").update(value=0)

    assert "do not match their digest" in text(signed_in(officer).get("/months/2026-01/"))


@pytest.mark.parametrize("typed", ["2026-13", "0000-01", "2199-12", "January"])
def test_what_is_no_month_is_not_opened(office: User, signed_in: SignIn, typed: str) -> None:
    page = signed_in(office).post("/months/new/", {"month": typed})

    assert page.status_code == 200
    assert "Write the month like 2026-01." in text(page)
    assert not ReportingMonth.objects.exists()


def test_a_month_with_a_line_end_after_it_is_opened(office: User, signed_in: SignIn) -> None:
    assert signed_in(office).post("/months/new/", {"month": "2026-01\n"}).url == "/months/2026-01/"


def test_a_second_click_on_close_is_told_that_it_is_done(
    office: User, signed_in: SignIn, month: ReportingMonth
) -> None:
    browser = signed_in(office)
    browser.post("/months/2026-01/close/", {"reason": ""})

    again = browser.post("/months/2026-01/close/", {"reason": ""})

    assert "January 2026 is closed already." in text(again)
    assert month.changes.filter(what=Step.CLOSED).count() == 1
