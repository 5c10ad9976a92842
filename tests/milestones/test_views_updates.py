import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from milestones.models import Evidence, Milestone, MilestoneUpdate, Status
from milestones.services import change_due_date, record_update
from tests.factories import MilestoneFactory, MilestoneUpdateFactory, UserFactory

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
NOW = dt.datetime(2026, 1, 20, 10, tzinfo=dt.UTC)
TODAY = {"as_at_day": "20", "as_at_month": "1", "as_at_year": "2026"}
TYPED = {"status": "on_track", "impact": "emerging", "progress": "The group met.", **TODAY}
EXPLAINED = {
    "reason": "The tender failed.",
    "mitigation": "A second tender is out.",
    "consequence": "Families wait longer.",
    "forecast_date_day": "30",
    "forecast_date_month": "4",
    "forecast_date_year": "2026",
}


@pytest.fixture(autouse=True)
def _twentieth_of_january() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def milestone() -> Milestone:
    return MilestoneFactory(reference="PA1-01", title="Agree the pathway")


@pytest.fixture
def browser(milestone: Milestone, signed_in: SignedIn) -> Client:
    return signed_in(milestone.responsible_officer)


def words(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.decode()))


def address(milestone: Milestone, page: str = "update", *args: Any) -> str:
    return reverse(f"milestones:{page}", args=[milestone.reference, *args])


def save(browser: Client, milestone: Milestone, **typed: Any) -> Any:
    content = {"based_on_version": milestone.version, **TYPED, **typed}
    return browser.post(address(milestone), {name: text for name, text in content.items() if text is not None})


# --- Who may --------------------------------------------------------------------------------------------------------


def test_officers_of_the_milestone_and_the_office_may_update_it(
    milestone: Milestone, office: User, signed_in: SignedIn
) -> None:
    supporting = UserFactory()
    milestone.supporting_officers.add(supporting)

    for person in (milestone.responsible_officer, milestone.sro, supporting, office):
        assert signed_in(person).get(address(milestone)).status_code == 200


def test_others_may_not_update_it(milestone: Milestone, officer: User, board_member: User, signed_in: SignedIn) -> None:
    for person in (officer, board_member):
        assert signed_in(person).get(address(milestone)).status_code == 403
        assert save(signed_in(person), milestone).status_code == 403
    assert Client().get(address(milestone)).status_code == 302
    assert save(Client(), milestone).status_code == 302
    assert not MilestoneUpdate.objects.exists()


def test_a_milestone_that_is_not_there_is_not_found(browser: Client) -> None:
    assert browser.get(reverse("milestones:update", args=["PA9-99"])).status_code == 404


def test_a_withdrawn_milestone_is_not_updated(browser: Client, milestone: Milestone) -> None:
    Milestone.objects.update(withdrawn_on=dt.date(2026, 1, 10), withdrawn_reason="Merged.")

    response = browser.get(address(milestone), follow=True)

    assert response.redirect_chain == [(address(milestone, "detail"), 302)]
    assert "was withdrawn from the plan" in words(response.content)


# --- The form -------------------------------------------------------------------------------------------------------


def test_form_shows_the_last_update_beside_it(browser: Client, milestone: Milestone) -> None:
    MilestoneUpdateFactory(
        milestone=milestone,
        as_at=dt.date(2025, 12, 31),
        status=Status.OFF_TRACK,
        progress="One\ntwo <i>",
        reason="Why.",
    )

    page = browser.get(address(milestone))

    text = words(page.content)
    assert "Last update" in text
    assert "As at 31 December 2025" in text
    assert "two &lt;i&gt;" in page.content.decode()


@pytest.mark.parametrize(
    ("today", "reported", "expected"),
    [
        pytest.param("2026-01-07", None, ("31", "12", "2025"), id="December is being collected"),
        pytest.param("2026-01-08", None, ("31", "12", "2025"), id="on the last day of the return"),
        pytest.param("2026-01-09", None, ("9", "1", "2026"), id="the return has closed"),
        pytest.param("2026-01-07", "2025-12-20", ("7", "1", "2026"), id="December is reported already"),
        pytest.param("2026-01-31", None, ("31", "1", "2026"), id="the month's last day"),
    ],
)
def test_as_at_starts_at_the_day_that_the_return_wants(
    milestone: Milestone, signed_in: SignedIn, today: str, reported: str | None, expected: tuple[str, str, str]
) -> None:
    if reported:
        MilestoneUpdateFactory(milestone=milestone, as_at=dt.date.fromisoformat(reported))
    with time_machine.travel(dt.datetime.fromisoformat(f"{today}T10:00:00+00:00"), tick=False):
        page = signed_in(milestone.sro).get(address(milestone)).content.decode()

    found = [re.search(rf'name="as_at_{part}"[^>]*value="(\w+)"', page) for part in ("day", "month", "year")]
    assert tuple(match[1] for match in found if match) == expected


def test_an_update_is_saved_and_the_person_is_back_where_they_came_from(browser: Client, milestone: Milestone) -> None:
    response = save(browser, milestone, next="/milestones/returns/")

    assert response.url == "/milestones/returns/"
    update = MilestoneUpdate.objects.get()
    assert (update.status, update.progress, update.author) == (
        "on_track",
        "The group met.",
        milestone.responsible_officer,
    )
    assert "PA1-01 is now On track" in words(browser.get("/milestones/returns/").content)


def test_an_address_outside_the_portal_is_no_way_back(browser: Client, milestone: Milestone) -> None:
    assert save(browser, milestone, next="https://elsewhere.example/").url == address(milestone, "detail")


def test_after_saving_the_next_one_owed_is_offered(browser: Client, milestone: Milestone) -> None:
    officer = milestone.responsible_officer
    MilestoneFactory(reference="PA1-03", responsible_officer=officer, baseline_due_date=dt.date(2026, 6, 1))
    MilestoneFactory(reference="PA1-02", sro=officer, title="Hire <b>staff</b>", baseline_due_date=dt.date(2026, 5, 1))

    page = browser.get(save(browser, milestone, next="/milestones/").url).content.decode()

    assert '<a class="govuk-notification-banner__link" href="/milestones/PA1-02/update/?next=%2Fmilestones%2F">' in page
    assert "Update PA1-02 Hire &lt;b&gt;staff&lt;/b&gt; next" in page


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        pytest.param({"status": None}, ["Select the status of the milestone."], id="no status"),
        pytest.param({"progress": " "}, ["Say what has been done."], id="no progress"),
        pytest.param(
            {"status": "delayed"},
            [
                "Say why it is delayed.",
                "Say what is being done about it.",
                "Say what this means for children, families or the plan.",
                "Enter the date it is now expected to be done.",
            ],
            id="delayed without an explanation",
        ),
        pytest.param({"status": "off_track"}, ["Say why it is off track."], id="off track without an explanation"),
        pytest.param(
            {"status": "completed"},
            ["Enter the date it was completed.", "Add evidence to the milestone first, or say why there is none."],
            id="completed without a date or evidence",
        ),
        pytest.param({"as_at_day": "21"}, ["The date must be today or earlier."], id="tomorrow"),
        pytest.param({"as_at_day": "31", "as_at_month": "2"}, ["is not a real date"], id="no such day"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    browser: Client, milestone: Milestone, typed: dict[str, Any], faults: list[str]
) -> None:
    response = save(browser, milestone, **{"difference_made": "Waits fell.", **typed})

    page = response.content.decode()
    assert response.status_code == 200
    assert "<title>Error: Update rating" in page
    for fault in faults:
        assert page.count(fault) == 2, fault  # in the summary and at its field
    assert ">Waits fell.</textarea>" in page
    assert not MilestoneUpdate.objects.exists()


def test_each_error_links_to_a_field_that_is_there(browser: Client, milestone: Milestone) -> None:
    page = save(browser, milestone, status="delayed", progress="").content.decode()

    targets = re.findall(r'<a href="#(\w[\w-]*)">', page.partition("</ul>")[0] + page)
    assert {"id_reason", "id_forecast_date-day", "id_progress"} <= set(targets)
    for target in targets:
        assert f'id="{target}"' in page


def test_off_track_with_its_explanation_is_saved(browser: Client, milestone: Milestone) -> None:
    assert save(browser, milestone, status="off_track", **EXPLAINED).status_code == 302

    update = MilestoneUpdate.objects.get()
    assert (update.reason, update.forecast_date) == ("The tender failed.", dt.date(2026, 4, 30))


# --- Completed, with evidence ---------------------------------------------------------------------------------------

COMPLETED = {"status": "completed", "completed_on_day": "19", "completed_on_month": "1", "completed_on_year": "2026"}


def test_completed_with_a_file_in_one_step(browser: Client, milestone: Milestone) -> None:
    file = SimpleUploadedFile("families.csv", b"answer,number\nyes,12\n")

    assert save(browser, milestone, **COMPLETED, evidence_file=file, evidence_kind="data").status_code == 302

    milestone.refresh_from_db()
    evidence = Evidence.objects.get()
    assert milestone.status == Status.COMPLETED
    assert (evidence.title, evidence.kind, evidence.content_type) == ("families.csv", "data", "text/csv")


def test_completed_with_a_reason_why_there_is_no_evidence(browser: Client, milestone: Milestone) -> None:
    assert save(browser, milestone, **COMPLETED, no_evidence_reason="Minutes follow.").status_code == 302

    assert MilestoneUpdate.objects.get().no_evidence_reason == "Minutes follow."


def test_a_refused_update_leaves_no_evidence_behind_and_asks_for_the_file_again(
    browser: Client, milestone: Milestone, settings: Any
) -> None:
    file = SimpleUploadedFile("families.csv", b"answer,number\nyes,12\n")

    page = save(browser, milestone, status="completed", evidence_file=file).content.decode()

    assert "Choose “families.csv” again" in page
    assert not Evidence.objects.exists()
    assert not [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def test_a_file_that_is_not_what_it_says_is_refused_at_its_field(browser: Client, milestone: Milestone) -> None:
    file = SimpleUploadedFile("minutes.pdf", b"MZ not a document")

    page = save(browser, milestone, **COMPLETED, evidence_file=file).content.decode()

    assert "is not a .pdf file inside" in page
    assert not MilestoneUpdate.objects.exists()


# --- Two clicks, two people -----------------------------------------------------------------------------------------


def test_a_double_click_is_one_update(browser: Client, milestone: Milestone) -> None:
    first, second = save(browser, milestone), save(browser, milestone)

    assert first.status_code == second.status_code == 302
    assert MilestoneUpdate.objects.count() == 1


def test_the_second_of_two_people_sees_what_changed_and_keeps_what_they_typed(
    browser: Client, milestone: Milestone
) -> None:
    record_update(
        milestone=Milestone.objects.get(),
        status=Status.DELAYED,
        as_at=NOW.date(),
        progress="The provider withdrew.",
        reason="No provider.",
        mitigation="Tender again.",
        consequence="Longer waits.",
        forecast_date=dt.date(2026, 5, 1),
        by=milestone.sro,
        at=NOW,
    )

    page = save(browser, milestone, progress="All is well.")

    text = words(page.content)
    assert page.status_code == 200
    assert "Somebody else has changed this milestone since you opened it." in text
    assert "What changed while you were writing" in text
    assert "The provider withdrew." in text
    assert ">All is well.</textarea>" in page.content.decode()
    assert MilestoneUpdate.objects.count() == 1
    # They have seen it now, so saving what this page holds is taken.
    version = re.search(r'name="based_on_version" value="(\d+)"', page.content.decode())
    assert version is not None
    assert save(browser, milestone, progress="All is well.", based_on_version=version[1]).status_code == 302
    assert MilestoneUpdate.objects.count() == 2


def test_a_change_that_is_no_update_is_told_too(browser: Client, milestone: Milestone) -> None:
    change_due_date(
        milestone=Milestone.objects.get(),
        to_date=dt.date(2026, 9, 30),
        reason="A new contract.",
        approved_by=milestone.sro,
        by=milestone.responsible_officer,
        at=NOW,
    )

    text = words(save(browser, milestone).content)

    assert "moved the due date from 31 March 2026 to 30 September 2026" in text


@pytest.mark.parametrize("version", [None, "", "x", "-1", "9" * 30, "9" * 5000])
def test_a_version_that_is_missing_or_garbled_loses_nothing_and_is_mended(
    browser: Client, milestone: Milestone, version: str | None
) -> None:
    page = save(browser, milestone, based_on_version=version)

    assert page.status_code == 200
    assert "Somebody else has changed this milestone since you opened it." in words(page.content)
    assert page.context["form"]["progress"].value() == TYPED["progress"]
    mended = page.context["form"]["based_on_version"].value()
    assert save(browser, milestone, based_on_version=mended).status_code == 302
    assert MilestoneUpdate.objects.count() == 1
