import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from milestones.forms import CorrectionForm, DependencyForm, UpdateForm, carried_over, kept_in_draft
from milestones.models import Evidence, Impact, MilestoneUpdate, Status
from tests.factories import MilestoneFactory

JANUARY = {"as_at_day": "31", "as_at_month": "1", "as_at_year": "2026"}
FORECAST = {"forecast_date_day": "30", "forecast_date_month": "4", "forecast_date_year": "2026"}


def update_form(files: dict[str, Any] | None = None, **typed: str) -> UpdateForm:
    data = {
        "status": "on_track",
        "impact": "emerging",
        "progress": "Done.",
        "based_on_version": "1",
        **JANUARY,
        **typed,
    }
    return UpdateForm(data, files)


def test_update_form_gives_what_the_service_takes() -> None:
    form = update_form(status="delayed", reason="Late.", mitigation="Hired.", consequence="Waits.", **FORECAST)

    assert form.is_valid(), form.errors
    assert form.content == {
        "status": Status.DELAYED,
        "impact": Impact.EMERGING,
        "progress": "Done.",
        "difference_made": "",
        "as_at": dt.date(2026, 1, 31),
        "reason": "Late.",
        "mitigation": "Hired.",
        "consequence": "Waits.",
        "forecast_date": dt.date(2026, 4, 30),
        "completed_on": None,
        "no_evidence_reason": "",
    }


def test_update_form_leaves_out_what_another_status_asked_for() -> None:
    """Also a date that makes no sense, in a field that is not shown any more."""
    form = update_form(reason="Left over.", forecast_date_day="99", completed_on_day="1", evidence_url="not a link")

    assert form.is_valid(), form.errors
    assert form.content["reason"] == ""
    assert form.content["forecast_date"] is None
    assert form.evidence is None


def test_update_form_reports_a_date_of_the_status_that_is_chosen() -> None:
    form = update_form(status="delayed", forecast_date_day="99", forecast_date_month="1", forecast_date_year="2026")

    assert list(form.errors) == ["forecast_date"]


@pytest.mark.parametrize(("missing", "message"), [("status", "Select the status"), ("impact", "Select the impact")])
def test_update_form_asks_for_ratings(missing: str, message: str) -> None:
    form = update_form(**{missing: ""})

    assert message in form.errors[missing][0]


def test_update_form_takes_a_file_as_evidence_and_names_it_after_the_file() -> None:
    file = SimpleUploadedFile("minutes.pdf", b"%PDF-1.4")
    form = update_form({"evidence_file": file}, status="completed", evidence_kind="minutes")

    assert form.is_valid(), form.errors
    assert form.evidence == {
        "title": "minutes.pdf",
        "kind": Evidence.Kind.MINUTES,
        "dated": dt.date(2026, 1, 31),
        "file": file,
        "url": "",
    }


def test_update_form_takes_a_link_as_evidence() -> None:
    form = update_form(status="completed", evidence_url="localoffer.example/plan", evidence_title="The plan")

    assert form.is_valid(), form.errors
    assert form.evidence is not None
    assert (form.evidence["title"], form.evidence["url"]) == ("The plan", "https://localoffer.example/plan")


@pytest.mark.parametrize("status", ["", "on_track", "completed", "off_track", "delayed"])
def test_every_field_is_on_the_page_once_whatever_the_status(status: str) -> None:
    """Without a script, all fields are there; off track and delayed share theirs."""
    html = "".join(str(field.as_field_group()) for field in UpdateForm(initial={"status": status}).main_fields)

    for name in ("reason", "mitigation", "consequence", "forecast_date_day", "completed_on_day", "evidence_file"):
        assert html.count(f'name="{name}"') == 1
    # Under the status that is chosen, else under the second of the two that share them.
    place = html.index('name="reason"')
    under_off_track = html.index('value="off_track"') < place < html.index('value="delayed"')
    assert under_off_track == (status == "off_track")


def test_lines_typed_into_a_revealed_field_stay_as_they_were() -> None:
    """The component indents what it holds; a text area's lines would move right with each save."""
    form = UpdateForm(initial={"status": "delayed", "reason": "One\r\nTwo\n  Three <b>"})

    assert ">One&#10;Two&#10;  Three &lt;b&gt;</textarea>" in form["status"].as_field_group()


def test_a_new_update_starts_with_the_impact_and_the_explanation_that_stand() -> None:
    last = MilestoneUpdate(
        status=Status.DELAYED, impact=Impact.EVIDENT, reason="Late.", forecast_date=dt.date(2026, 5, 1), progress="Old."
    )

    initial = carried_over(last, dt.date(2026, 1, 31))

    assert initial["impact"] == Impact.EVIDENT
    assert initial["reason"] == "Late."
    assert initial["forecast_date"] == dt.date(2026, 5, 1)
    assert "status" not in initial
    assert "progress" not in initial


def test_a_draft_comes_back_as_it_was_typed() -> None:
    initial = kept_in_draft({"status": "delayed", "as_at_day": "31", "as_at_month": "Feb", "progress": "Half a sen"})

    assert initial["progress"] == "Half a sen"
    assert initial["as_at"] == ["31", "Feb", None]
    assert 'value="Feb"' in UpdateForm(initial=initial)["as_at"].as_field_group()


def test_a_correction_says_what_was_wrong() -> None:
    form = CorrectionForm({"status": "on_track", "impact": "emerging", "progress": "Done.", **JANUARY})

    assert form.errors == {"correction_reason": ["Say what was wrong."]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("relation", "kind", "outward"),
    [
        ("blocked_by", "blocks", False),
        ("blocks", "blocks", True),
        ("informed_by", "informs", False),
        ("informs", "informs", True),
    ],
)
def test_a_link_is_told_from_this_milestones_side(relation: str, kind: str, *, outward: bool) -> None:
    here, other = MilestoneFactory(), MilestoneFactory()
    form = DependencyForm({"relation": relation, "other": other.pk}, milestone=here)

    assert form.is_valid(), form.errors
    blocker, dependent = (here, other) if outward else (other, here)
    assert form.link == {"blocker": blocker, "dependent": dependent, "kind": kind}
