"""However it came about, the columns of a risk say what its history says of today."""

import datetime as dt
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from risks.models import Level, Mitigation, MitigationStatus, Risk, RiskReview
from risks.services import (
    ReviewRow,
    add_mitigation,
    close_risk,
    correct_review,
    move_level,
    record_reviews,
    reopen_risk,
    review_risk,
    revise_risk,
    set_target,
    update_mitigation,
)
from tests.factories import RiskFactory

TODAY = dt.date(2026, 1, 31)
AT = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)
DAYS = st.integers(0, 4).map(lambda days: TODAY - dt.timedelta(days=days))
NUMBERS = st.integers(0, 6)
CALLS = ["review", "correct", "bring", "aim", "move", "close", "reopen", "revise", "add", "update"]


class TestCurrent(TestCase):
    @given(st.lists(st.tuples(st.sampled_from(CALLS), DAYS, NUMBERS, NUMBERS, st.booleans()), max_size=12))
    def test_the_columns_agree_with_history(self, steps: list[tuple[str, dt.date, int, int, bool]]) -> None:
        risk = RiskFactory()
        for call, day, likelihood, impact, flag in steps:
            before = Risk.objects.values().get(pk=risk.pk)
            try:
                getattr(self, call)(risk, day, likelihood, impact, flag)
            except ValidationError:
                assert Risk.objects.values().get(pk=risk.pk) == before

        row: Any = Risk.objects.as_at(TODAY).get(pk=risk.pk)
        assert (row.likelihood, row.impact, row.score, row.matrix_id) == (
            row.likelihood_on,
            row.impact_on,
            row.score_on,
            row.matrix_on,
        )
        assert (row.latest_review_id, row.level, row.state) == (row.review_on, row.level_on, row.state_on)
        assert (row.target_score, row.is_closed) == (row.target_score_on, row.closed_on is not None)
        aim = risk.targets.first()
        assert (row.target_likelihood, row.target_impact, row.target_date) == (
            (aim.likelihood, aim.impact, aim.due_on) if aim else (None, None, None)
        )
        days = list(RiskReview.objects.effective().filter(risk=risk).values_list("reviewed_on", flat=True))
        assert len(set(days)) == len(days)
        for each in Mitigation.objects.as_at(TODAY):
            assert (each.status, each.due_date) == (each.status_on, each.due_on)

    # The calls.

    def review(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        given = {"likelihood": likelihood, "impact": impact, "note": "So." if flag else ""}
        review_risk(risk=risk, reviewed_on=day, **given, by=risk.owner, at=AT)

    def correct(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        reviews = risk.reviews.order_by("pk")
        if wrong := reviews.first() if flag else reviews.last():
            given = {"likelihood": likelihood, "impact": impact, "reviewed_on": day, "note": "So."}
            correct_review(review=wrong, **given, correction_reason="A slip.", by=risk.owner, at=AT)

    def bring(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        given = {"risk": risk, "reviewed_on": day, "impact": impact, "reviewer": risk.owner}
        rows = [ReviewRow(**given, likelihood=number) for number in (likelihood, *([3] if flag else []))]
        record_reviews(rows=rows, by=risk.owner, at=AT)

    def aim(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        pair = {"likelihood": likelihood, "impact": impact} if flag else {"likelihood": None, "impact": None}
        due_on = dt.date(2026, 6, 30) if flag and likelihood % 2 else None
        set_target(risk=risk, **pair, due_on=due_on, set_on=day, reason="Agreed.", by=risk.owner, at=AT)

    def move(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        level = Level.SYSTEMIC if flag else Level.OPERATIONAL
        move_level(risk=risk, to_level=level, moved_on=day, reason="So.", by=risk.owner, at=AT)

    def close(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        close_risk(risk=risk, on=day, reason="Over.", by=risk.owner, at=AT)

    def reopen(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        reopen_risk(risk=risk, on=day, reason="Not over.", by=risk.owner, at=AT)

    def revise(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        pair = {"inherent_likelihood": likelihood, "inherent_impact": impact}
        revise_risk(risk=risk, **pair, reason="Known better." if flag else "", by=risk.owner, at=AT)

    def add(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        kind = "control" if flag else "action"
        add_mitigation(
            risk=risk, kind=kind, description=f"No. {likelihood}", owner=risk.owner, added_on=day, by=risk.owner, at=AT
        )

    def update(self, risk: Risk, day: dt.date, likelihood: int, impact: int, flag: bool) -> None:
        with suppress(Mitigation.DoesNotExist):
            mitigation = risk.mitigations.latest("pk")
            status = list(MitigationStatus)[likelihood % 5]
            update_mitigation(
                mitigation=mitigation, status=status, note="So." if flag else "", dated_on=day, by=risk.owner, at=AT
            )
