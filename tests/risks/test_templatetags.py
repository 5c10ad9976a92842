import datetime as dt

import pytest
from django.template import Context, Template

from risks.models import Band, BandColour, Level, LevelMove, MatrixBook, MitigationStatus, Movement, Risk
from risks.templatetags import risk_words
from tests.factories import MilestoneFactory, shipped_matrix
from tests.risks.pages import small_matrix, standing, words

BAND = Band("high", "<High>", 8, 12, BandColour.ORANGE)
JANUARY = dt.date(2026, 1, 31)


def rendered(source: str, **context: object) -> str:
    return Template("{% load risk_words risk_panels %}" + source).render(Context(context))


def test_a_score_stands_with_its_bands_name_and_pair() -> None:
    html = rendered("{% score_tag 12 band pair %}", band=BAND, pair="3 × 4")

    assert words(html).split() == ["12", "<High>", "3", "×", "4"]
    assert "app-score--orange" in html
    assert "<High>" not in html
    assert "app-score__pair" not in rendered("{% score_tag 12 band %}", band=BAND)


@pytest.mark.django_db
def test_a_score_is_in_the_band_of_the_matrix_it_was_given_on() -> None:
    five, four = shipped_matrix(), small_matrix()
    book = MatrixBook.read()

    assert "8 High" in words(rendered("{% score_in book matrix 8 %}", book=book, matrix=five.pk))
    assert "8 Severe" in words(rendered("{% score_in book matrix 8 %}", book=book, matrix=four.pk))


def test_no_score_is_a_dash_with_its_word() -> None:
    assert words(rendered("{% score_in book 1 None %}", book=MatrixBook())).strip() == "– none"


@pytest.mark.parametrize("movement", Movement)
def test_every_movement_has_an_arrow_of_its_own_and_its_word(movement: Movement) -> None:
    html = rendered("{% movement_mark value %}", value=movement.value)

    assert words(html).strip() == movement.label
    assert html.count("<path") == 1
    assert 'aria-hidden="true"' in html
    others = {rendered("{% movement_mark value %}", value=each.value) for each in Movement if each != movement}
    assert html.partition(' d="')[2].partition('"')[0] not in "".join(others)


def test_what_was_closed_before_has_no_movement() -> None:
    assert rendered('{% movement_mark "" %}') == ""


@pytest.mark.parametrize(
    ("level", "move", "said"),
    [
        (Level.SYSTEMIC, "", "Systemic"),
        (Level.OPERATIONAL, "", "Operational"),
        (Level.SYSTEMIC, LevelMove.ESCALATED, "Systemic Escalated"),
        (Level.OPERATIONAL, LevelMove.DE_ESCALATED, "Operational De-escalated"),
    ],
)
def test_a_level_says_whether_the_risk_came_there_lately(level: Level, move: str, said: str) -> None:
    html = rendered("{% level_tag level move %}", level=level.value, move=move)

    assert words(html).split() == said.split()


def test_levels_are_told_by_their_board() -> None:
    assert rendered('{{ "systemic"|level_board }}, {{ "operational"|level_board }}') == (
        "Improvement Board, Operations Board"
    )


@pytest.mark.parametrize("status", MitigationStatus)
def test_a_mitigations_status_is_a_word_in_its_colour(status: MitigationStatus) -> None:
    html = rendered("{% mitigation_tag value %}", value=status.value)

    assert words(html).strip() == status.label
    assert f"govuk-tag--{status.colour.tag}" in html


def test_a_swatch_is_for_eyes_only() -> None:
    html = rendered("{% band_swatch band %}", band=BAND)

    assert 'aria-hidden="true"' in html
    assert "app-band-swatch--orange" in html


@pytest.mark.django_db
def test_a_matrix_is_laid_out_with_the_most_likely_row_first() -> None:
    rows = risk_words.matrix_cells(shipped_matrix())

    assert [step.value for step, _cells in rows] == [5, 4, 3, 2, 1]
    assert [(score, band.name) for score, band in rows[2][1]] == [
        (3, "Low"),
        (6, "Moderate"),
        (9, "High"),
        (12, "High"),
        (15, "Extreme"),
    ]


# --- A row of the list ------------------------------------------------------------------------------------------------


def row(reference: str, *, on: dt.date = JANUARY, as_at: dt.date | None = None) -> str:
    risk = Risk.objects.as_at(on).with_movement(on).select_related("owner").get(reference=reference)
    return str(risk_words.risk_row(risk, MatrixBook.read(), on=on, as_at=as_at))


@pytest.mark.django_db
def test_a_row_shows_what_changed_at_once_though_rows_are_kept() -> None:
    """Everything that a row shows is part of what it is kept under."""
    risk = standing("R01", title="Staff leave")
    first = row("R01")
    assert row("R01") == first

    Risk.objects.update(title="Therapists leave")
    assert "Therapists leave" in row("R01")
    risk.owner.full_name = "Officer New"
    risk.owner.save()
    assert "Officer New" in row("R01")


@pytest.mark.django_db
def test_a_rows_link_goes_on_with_the_day_that_was_asked_for() -> None:
    standing("R01")

    assert 'href="/risks/R01/?as_at=2026-01-31"' in row("R01", as_at=JANUARY)
    assert 'href="/risks/R01/"' in row("R01")


# --- On a milestone's page --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_milestone_without_risks_says_so_and_as_at_when() -> None:
    milestone = MilestoneFactory()

    now = rendered("{% milestone_risks milestone on None %}", milestone=milestone, on=JANUARY)
    then = rendered("{% milestone_risks milestone on on %}", milestone=milestone, on=JANUARY)

    assert "No open risk is linked to this milestone." in words(now)
    assert "No open risk is linked to this milestone as at 31 January 2026." in words(then)
