"""The register's figures: what they are called, what is left out of them, and that their links lead to their rows."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from accounts.models import User
from board import services as board
from board.figures import SECTIONS, StoredFigure, section_named
from board.models import ReportingMonth
from core.figures import Unit, Value
from core.months import Month
from risks.figures import DEFINITIONS, changed_since, compute
from risks.filters import RiskFilter
from risks.models import Level, MatrixChoice, MitigationStatus, Risk, RiskChange, RiskMatrix
from risks.services import add_risk, review_risk
from tests.factories import (
    EscalationFactory,
    MitigationFactory,
    MitigationUpdateFactory,
    PriorityAreaFactory,
    ReportingMonthFactory,
    RiskFactory,
    RiskReviewFactory,
    RiskTargetFactory,
    StateChangeFactory,
    TargetPointFactory,
    UserFactory,
    shipped_matrix,
)
from tests.risks.test_figures_by_hand import drawn_registers, load

JANUARY = Month(2026, 1)
DECEMBER = JANUARY.previous


def found(values: list[Value], area: str = "") -> dict[str, Any]:
    return {value.code: value.value for value in values if value.area == area and not value.breakdown}


def bands(values: list[Value], area: str = "") -> dict[str, int]:
    return {value.breakdown: int(value.value or 0) for value in values if value.area == area and value.breakdown}


# --- What they are --------------------------------------------------------------------------------------------------


def test_definitions_say_what_they_are_once_each() -> None:
    codes = [definition.code for definition in DEFINITIONS]

    assert len(set(codes)) == len(codes)
    assert all(code.startswith("risks.") for code in codes)
    assert all(definition.title and definition.words.endswith(".") for definition in DEFINITIONS)
    assert len({definition.words for definition in DEFINITIONS}) == len(codes)


def test_every_figure_leads_to_the_register() -> None:
    assert {definition.page for definition in DEFINITIONS} == {"risks:list"}


# --- What is computed -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_compute_of_an_empty_register_is_noughts_without_a_mean() -> None:
    values = compute(JANUARY)

    assert {value.code for value in values} == {definition.code for definition in DEFINITIONS}
    assert {value.value for value in values if value.code != "risks.mean_score"} == {0}
    assert bands(values) == {"low": 0, "moderate": 0, "high": 0, "extreme": 0}
    [mean] = [value for value in values if value.code == "risks.mean_score"]
    assert (mean.value, mean.numerator, mean.denominator) == (None, 0, 0)


@pytest.mark.django_db
def test_compute_gives_each_area_its_figures_also_without_risks() -> None:
    first, second = PriorityAreaFactory(code="PA1"), PriorityAreaFactory(code="PA2", order=2)
    PriorityAreaFactory(code="AFI1", order=3)
    RiskFactory(level=Level.SYSTEMIC).areas.set([first, second])
    RiskFactory().areas.set([first])
    RiskFactory()

    values = compute(JANUARY)

    opened = {area: found(values, area)["risks.open"] for area in ("", "PA1", "PA2", "AFI1")}
    assert opened == {"": 3, "PA1": 2, "PA2": 1, "AFI1": 0}
    assert found(values, "PA2")["risks.level.systemic"] == 1
    assert bands(values, "AFI1") == {"low": 0, "moderate": 0, "high": 0, "extreme": 0}


@pytest.mark.django_db
def test_compute_leaves_later_days_to_later_months() -> None:
    risk = RiskFactory(inherent_likelihood=5, inherent_impact=5)
    RiskFactory(opened_on=dt.date(2026, 2, 1))
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 1, 31), likelihood=3, impact=4)
    RiskReviewFactory(risk=risk, reviewed_on=dt.date(2026, 2, 1), likelihood=1, impact=1)
    EscalationFactory(risk=risk, moved_on=dt.date(2026, 2, 1))
    StateChangeFactory(risk=risk, changed_on=dt.date(2026, 3, 1))

    january, february, march = (found(compute(JANUARY.plus(months))) for months in range(3))

    assert [row["risks.open"] for row in (january, february, march)] == [1, 2, 1]
    assert [row["risks.movement.down"] for row in (january, february, march)] == [1, 1, 0]
    assert [row["risks.movement.new"] for row in (january, february, march)] == [0, 1, 0]
    assert [row["risks.movement.closed"] for row in (january, february, march)] == [0, 0, 1]
    assert [row["risks.escalated"] for row in (january, february, march)] == [0, 1, 0]
    assert january["risks.mean_score"] == 12


@pytest.mark.django_db
def test_risk_reviewed_within_the_month_of_its_opening_is_new_and_nothing_else() -> None:
    risk = RiskFactory(opened_on=dt.date(2026, 1, 5))
    RiskReviewFactory(risk=risk, likelihood=1, impact=1)
    EscalationFactory(risk=risk)

    row = found(compute(JANUARY))

    assert row["risks.movement.new"] == 1
    assert row["risks.movement.down"] == row["risks.escalated"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        pytest.param([(1, 1)], "1.0", id="one"),
        pytest.param([(1, 1)] * 19 + [(1, 2)], "1.1", id="1.05 goes up"),
        pytest.param([(1, 1)] * 3 + [(1, 2)], "1.3", id="1.25 goes up, not to the even tenth"),
        pytest.param([(1, 1)] * 2 + [(1, 2)], "1.3", id="1.333 goes down"),
        pytest.param([(2, 3), (5, 5)], "15.5", id="15.5 exactly"),
    ],
)
def test_mean_score_is_rounded_half_up_to_one_decimal(scores: list[tuple[int, int]], mean: str) -> None:
    for likelihood, impact in scores:
        RiskFactory(inherent_likelihood=likelihood, inherent_impact=impact)

    [value] = [value for value in compute(JANUARY) if value.code == "risks.mean_score" and not value.area]

    assert value.value == Decimal(mean)
    assert str(value.value) == mean
    total = sum(likelihood * impact for likelihood, impact in scores)
    assert (value.numerator, value.denominator) == (total, len(scores))


@pytest.fixture
def small_matrix(db: None) -> RiskMatrix:
    """Three by three, in use since 10 January 2026."""
    steps = [{"label": "Step", "definition": "A step."}] * 3
    ranges = (("low", 1, 2, "green"), ("severe", 3, 9, "red"))
    matrix = RiskMatrix.objects.create(
        code="small",
        name="Small",
        size=3,
        scale={"likelihood": steps, "impact": steps},
        bands=[
            {"code": code, "name": code.title(), "lowest": low, "highest": high, "colour": colour, "meaning": ""}
            for code, low, high, colour in ranges
        ],
        created_at=dt.datetime(2026, 1, 9, tzinfo=dt.UTC),
    )
    MatrixChoice.objects.create(matrix=matrix, used_from=dt.date(2026, 1, 10), created_at=matrix.created_at)
    return matrix


def test_scores_of_another_size_are_counted_in_their_own_bands_and_left_out_of_the_mean(
    small_matrix: RiskMatrix,
) -> None:
    RiskFactory(reference="OLD", inherent_likelihood=5, inherent_impact=5)
    again = RiskFactory(reference="AGAIN", inherent_likelihood=5, inherent_impact=5)
    RiskReviewFactory(risk=again, matrix=small_matrix, likelihood=3, impact=3)

    values = compute(JANUARY)

    assert bands(values) == {"low": 0, "severe": 1, "extreme": 1}
    assert found(values)["risks.mean_score"] == 9
    assert found(values)["risks.movement.rescored"] == 1
    assert found(values)["risks.movement.same"] == 1
    assert found(compute(DECEMBER))["risks.mean_score"] == 25


def test_planned_score_on_another_scale_is_no_plan_for_this_score(small_matrix: RiskMatrix) -> None:
    risk = RiskFactory(inherent_likelihood=5, inherent_impact=5)
    TargetPointFactory(target__risk=risk, score=8)
    assert found(compute(DECEMBER))["risks.above_trajectory"] == 1

    RiskReviewFactory(risk=risk, matrix=small_matrix, likelihood=3, impact=3)

    assert found(compute(JANUARY))["risks.above_trajectory"] == 0
    assert found(compute(JANUARY))["risks.with_trajectory"] == 0


@pytest.mark.django_db
def test_conditions_begin_the_day_after_they_are_due() -> None:
    """What is due on the last day of the month is not late in it, and a score that is as planned is not above."""
    last = JANUARY.last_day
    risk = RiskFactory(first_review_by=last)
    MitigationFactory(risk=risk, due_date=last)
    TargetPointFactory(target__risk=risk, due_on=last, score=16)

    january, february = found(compute(JANUARY)), found(compute(JANUARY.next))

    late = ("risks.review_overdue", "risks.action_overdue")
    assert [january[code] for code in late] == [0, 0]
    assert [february[code] for code in late] == [1, 1]
    assert (january["risks.with_trajectory"], january["risks.above_trajectory"]) == (1, 0)


@pytest.mark.django_db
def test_closed_risk_counts_nowhere_but_in_what_was_closed() -> None:
    risk = RiskFactory(first_review_by=dt.date(2025, 6, 1))
    MitigationFactory(risk=risk, due_date=dt.date(2025, 12, 1))
    TargetPointFactory(target__risk=risk, score=1)
    EscalationFactory(risk=risk)
    StateChangeFactory(risk=risk)

    counted = {code for code, number in found(compute(JANUARY)).items() if number}

    assert counted == {"risks.movement.closed"}


@pytest.mark.django_db
def test_standing_of_a_mitigation_is_the_months_own() -> None:
    """Stopped in February, it still held the risk in January."""
    mitigation = MitigationFactory()
    MitigationUpdateFactory(mitigation=mitigation, dated_on=dt.date(2026, 2, 1), status=MitigationStatus.STOPPED)

    assert found(compute(JANUARY))["risks.without_mitigation"] == 0
    assert found(compute(JANUARY.next))["risks.without_mitigation"] == 1


@pytest.mark.django_db
def test_compute_asks_the_same_number_of_queries_of_any_register(count_queries: Callable[..., int]) -> None:
    def grow(areas: int, risks: int) -> None:
        for number in range(risks):
            risk = RiskFactory()
            risk.areas.set([PriorityAreaFactory(code=f"PA{area}") for area in range(number % (areas + 1))])
            RiskReviewFactory(risk=risk)
            TargetPointFactory(target__risk=risk)
            MitigationFactory(risk=risk)
            EscalationFactory(risk=risk)

    grow(1, 2)
    small = count_queries(lambda: compute(JANUARY))
    grow(5, 25)

    assert count_queries(lambda: compute(JANUARY)) == small == 6


# --- The rows behind them -------------------------------------------------------------------------------------------

MANY = ("level", "band", "movement")


def listed(figure: StoredFigure) -> int:
    """How many risks the list shows at a figure's address."""
    query = {
        name: values if name in MANY else values[0] for name, values in parse_qs(urlsplit(figure.url).query).items()
    }
    rows = RiskFilter(query, Risk.objects.all())
    assert rows.form.is_valid(), rows.form.errors
    return rows.qs.count()


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=drawn_registers())
def test_every_count_links_to_exactly_the_rows_that_it_counts(drawn: tuple[Month, dict[str, Any]]) -> None:
    month, register = drawn
    counts = {definition.code for definition in DEFINITIONS if definition.unit == Unit.COUNT}
    with transaction.atomic():
        load(register)
        # The list offers the bands of matrices that were in use at some time; this one begins after every drawn day.
        for matrix in RiskMatrix.objects.all():
            MatrixChoice.objects.create(matrix=matrix, used_from=dt.date(2030, 1, 1), created_at=matrix.created_at)
        figures = [
            StoredFigure(month, value.code, value.area, value.breakdown, value.value, None, None, "")
            for value in compute(month)
            if value.code in counts and value.area in ("", "PA1")
        ]
        rows = [(figure, listed(figure)) for figure in figures]
        transaction.set_rollback(True)

    wrong = [(figure.code, figure.area, figure.breakdown) for figure, number in rows if number != figure.value]
    assert rows
    assert wrong == []


# --- Changed since --------------------------------------------------------------------------------------------------

THEN = dt.datetime(2026, 1, 20, 12, 0, tzinfo=dt.UTC)
LATER = THEN + dt.timedelta(minutes=1)


@pytest.mark.django_db
def test_changed_since_of_an_empty_register_is_no() -> None:
    assert not changed_since(THEN)


def a_change(risk: Risk) -> None:
    RiskChange.objects.create(risk=risk, changed_on=LATER.date(), field="title", created_at=LATER)


def a_choice(risk: Risk) -> None:
    MatrixChoice.objects.create(matrix=risk.matrix, used_from=LATER.date(), created_at=LATER)


def a_matrix(risk: Risk) -> None:
    there = shipped_matrix()
    RiskMatrix.objects.create(code="more", name="More", size=5, scale=there.scale, bands=there.bands, created_at=LATER)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda risk: RiskFactory(created_at=LATER), id="risk"),
        pytest.param(lambda risk: RiskReviewFactory(risk=risk, created_at=LATER), id="review"),
        pytest.param(lambda risk: RiskTargetFactory(risk=risk, created_at=LATER), id="target"),
        pytest.param(lambda risk: EscalationFactory(risk=risk, created_at=LATER), id="escalation"),
        pytest.param(lambda risk: StateChangeFactory(risk=risk, created_at=LATER), id="closing"),
        pytest.param(a_change, id="change"),
        pytest.param(lambda risk: MitigationFactory(risk=risk, created_at=LATER), id="mitigation"),
        pytest.param(
            lambda risk: MitigationUpdateFactory(mitigation=risk.mitigations.get(), created_at=LATER),
            id="mitigation update",
        ),
        pytest.param(a_matrix, id="matrix"),
        pytest.param(a_choice, id="choice of a matrix"),
        pytest.param(lambda risk: PriorityAreaFactory(code="AFI1", created_at=LATER), id="area"),
    ],
)
def test_changed_since_sees_every_kind_of_row(
    happens: Callable[[Risk], Any], count_queries: Callable[..., int]
) -> None:
    risk = RiskFactory()
    MitigationFactory(risk=risk)
    assert not changed_since(THEN)

    happens(risk)

    assert changed_since(THEN)
    assert not changed_since(LATER + dt.timedelta(minutes=1))
    assert count_queries(lambda: changed_since(THEN)) == 1


@pytest.mark.django_db
def test_changed_since_counts_a_save_that_was_under_way() -> None:
    """Its row says when it began; it may have been committed after the figures were read."""
    RiskReviewFactory(created_at=THEN - dt.timedelta(milliseconds=200))

    assert changed_since(THEN)


# --- Signed off -----------------------------------------------------------------------------------------------------

AFTER = dt.datetime(2026, 2, 10, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def signed_off(office: User) -> ReportingMonth:
    """January with one risk at 4 × 4, signed off."""
    RiskFactory(reference="R01")
    month = ReportingMonthFactory(month="2026-01")
    for section in SECTIONS:
        board.run_section(month=month, section=section, at=AFTER)
    board.finish_month(month=month)
    month = board.close_month(month=month, by=office, at=AFTER)
    return board.sign_off_month(month=month, reason="Agreed.", by=office, at=AFTER)


def stored(month: ReportingMonth) -> list[tuple[Any, ...]]:
    figures = month.figures.filter(section="risks").order_by("pk")
    return list(figures.values_list("pk", "code", "area", "breakdown", "value", "numerator", "denominator"))


def test_figures_of_a_signed_off_month_stay_whatever_is_learned_of_it_later(
    signed_off: ReportingMonth, office: User
) -> None:
    before, digest = stored(signed_off), signed_off.digest
    assert before

    risk = Risk.objects.get()
    day = {"reviewed_on": dt.date(2026, 1, 30), "note": "Learned in February."}
    review_risk(risk=risk, likelihood=1, impact=1, **day, by=office, at=AFTER)
    new = {"title": "Late", "level": Level.SYSTEMIC, "owner": UserFactory(), "opened_on": dt.date(2026, 1, 2)}
    add_risk(reference="R02", **new, inherent_likelihood=5, inherent_impact=5, by=office, at=AFTER)

    assert found(compute(JANUARY))["risks.open"] == 2
    for change in (
        lambda: board.run_section(month=signed_off, section=section_named("risks"), at=AFTER),
        lambda: board.store_section(month=signed_off, section=section_named("risks"), values=[], at=AFTER),
    ):
        with pytest.raises(ValidationError, match="signed off"):
            change()
    assert stored(signed_off) == before
    assert board.digest_of(signed_off) == digest
