"""The register as at a day, asked of the database, against the same asked of plain lists (the oracle)."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from risks.models import (
    Escalation,
    Level,
    MatrixBook,
    Mitigation,
    MitigationStatus,
    MitigationUpdate,
    Movement,
    Risk,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    StateChange,
    TargetPoint,
)
from tests.factories import RiskFactory, shipped_matrix
from tests.factories.accounts import LEARNED

# Few days, so that several rows fall on one; the edges of months among them.
EDGES = ["2025-11-30", "2025-12-01", "2025-12-30", "2025-12-31", "2026-01-01", "2026-01-02", "2026-01-30", "2026-01-31"]
DAYS = st.sampled_from([dt.date.fromisoformat(day) for day in EDGES])
NUMBERS = st.integers(1, 4)
SIZES = (5, 5, 4)
"""Three matrices by their place: two of one size with other bands, and one of another size."""


@dataclass
class Said:
    """One review; `corrects` is the index of the one that it supersedes."""

    on: dt.date
    matrix: int
    pair: tuple[int, int]
    next_on: dt.date
    corrects: int | None


@dataclass
class Aim:
    """One target, or none from that day on; `points` end with the target's own."""

    on: dt.date
    matrix: int
    pair: tuple[int, int] | None
    points: dict[dt.date, int]


@dataclass
class History:
    opened_on: dt.date
    first_level: Level
    inherent: tuple[int, int]
    said: list[Said]
    aims: list[Aim]
    moves: list[dt.date]
    """Days on which it went to the other level, in their order."""
    turns: list[dt.date]
    """Days on which it was closed, opened again, closed again …"""
    mitigations: list[list[tuple[dt.date, MitigationStatus]]]
    """Of each the days and states, the day it was added first."""
    ids: list[int] = field(default_factory=list)

    # The oracle.

    def review(self, on: dt.date) -> int | None:
        """The index of the review that counts."""
        corrected = {said.corrects for said in self.said}
        standing = [(s.on, index) for index, s in enumerate(self.said) if index not in corrected and s.on <= on]
        return max(standing)[1] if standing else None

    def pair(self, on: dt.date) -> tuple[int, int]:
        index = self.review(on)
        return self.inherent if index is None else self.said[index].pair

    def score(self, on: dt.date) -> int:
        likelihood, impact = self.pair(on)
        return likelihood * impact

    def matrix(self, on: dt.date) -> int:
        index = self.review(on)
        return 0 if index is None else self.said[index].matrix

    def aim(self, on: dt.date) -> Aim | None:
        known = [(aim.on, index) for index, aim in enumerate(self.aims) if aim.on <= on]
        return self.aims[max(known)[1]] if known else None

    def planned(self, on: dt.date) -> int | None:
        aim = self.aim(on)
        if aim is None or SIZES[aim.matrix] != SIZES[self.matrix(on)]:
            return None
        reached = [day for day in aim.points if day <= on]
        return aim.points[max(reached)] if reached else None

    def level(self, on: dt.date) -> Level:
        odd = sum(day <= on for day in self.moves) % 2
        return self.first_level.other if odd else self.first_level

    def is_open(self, on: dt.date) -> bool:
        return sum(day <= on for day in self.turns) % 2 == 0

    def is_mitigated(self, on: dt.date) -> bool:
        for steps in self.mitigations:
            known = [(day, index) for index, (day, _status) in enumerate(steps) if day <= on]
            if known and steps[0][0] <= on and steps[max(known)[1]][1] != MitigationStatus.STOPPED:
                return True
        return False

    def movement(self, on: dt.date, since: dt.date) -> str:
        known = self.opened_on <= since
        was_open = known and self.is_open(since)
        if not self.is_open(on):
            return Movement.CLOSED if was_open or not known else ""
        if not was_open:
            return Movement.NEW
        if SIZES[self.matrix(on)] != SIZES[self.matrix(since)]:
            return Movement.RESCORED
        change = self.score(on) - self.score(since)
        return Movement.UP if change > 0 else Movement.DOWN if change < 0 else Movement.SAME

    def level_move(self, on: dt.date, since: dt.date) -> str:
        if self.opened_on > since or self.level(on) == self.level(since):
            return ""
        return "escalated" if self.level(on) == Level.SYSTEMIC else "de_escalated"


@st.composite
def reviews(draw: st.DrawFn) -> list[Said]:
    said: list[Said] = []
    for on, matrix, pair in draw(st.lists(st.tuples(DAYS, st.integers(0, 2), st.tuples(NUMBERS, NUMBERS)), max_size=6)):
        open_to_correction = sorted(set(range(len(said))) - {earlier.corrects for earlier in said})
        corrects = draw(st.none() | st.sampled_from(open_to_correction)) if open_to_correction else None
        said.append(Said(on, matrix, pair, on + dt.timedelta(days=draw(st.integers(1, 31))), corrects))
    return said


@st.composite
def aims(draw: st.DrawFn) -> Aim:
    pair = draw(st.none() | st.tuples(NUMBERS, NUMBERS))
    points = draw(st.dictionaries(DAYS, st.integers(1, 16), max_size=3)) if pair else {}
    return Aim(draw(DAYS), draw(st.integers(0, 2)), pair, points)


HISTORIES = st.builds(
    History,
    opened_on=DAYS,
    first_level=st.sampled_from(Level),
    inherent=st.tuples(NUMBERS, NUMBERS),
    said=reviews(),
    aims=st.lists(aims(), max_size=3),
    moves=st.lists(DAYS, max_size=3).map(sorted),
    turns=st.lists(DAYS, max_size=3).map(sorted),
    mitigations=st.lists(
        st.lists(st.tuples(DAYS, st.sampled_from(MitigationStatus)), min_size=1, max_size=3), max_size=2
    ),
)


class TestAsAt(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        shipped = shipped_matrix()
        four = RiskMatrix.objects.create(
            code="four",
            name="4 × 4",
            size=4,
            scale={axis: steps[:4] for axis, steps in shipped.scale.items()},
            bands=[
                {"code": "low", "name": "Low", "lowest": 1, "highest": 6, "colour": "green"},
                {"code": "high", "name": "High", "lowest": 8, "highest": 16, "colour": "red"},
            ],
            created_at=LEARNED,
        )
        cls.matrices = [shipped, shipped_matrix("five-by-five-three-bands"), four]
        cls.risk = RiskFactory()

    @given(HISTORIES, DAYS, st.none() | DAYS)
    def test_the_database_says_what_the_lists_say(self, drawn: History, on: dt.date, since: dt.date | None) -> None:
        self.save(drawn)
        before = since or (on.replace(day=1) - dt.timedelta(days=1))
        rows = Risk.objects.filter(pk=self.risk.pk).as_at(on).with_movement(on, since)
        row = rows.get()

        index, aim = drawn.review(on), drawn.aim(on)
        said = None if index is None else drawn.said[index]
        assert (row.likelihood_on, row.impact_on, row.score_on) == (*drawn.pair(on), drawn.score(on))
        assert row.matrix_on == self.matrices[drawn.matrix(on)].pk
        assert row.review_on == (None if index is None else drawn.ids[index])
        assert row.reviewed_on == (said.on if said else None)
        assert row.next_review_on == (said.next_on if said else self.risk.first_review_by)
        assert row.target_score_on == (aim.pair[0] * aim.pair[1] if aim and aim.pair else None)
        assert row.planned_on == drawn.planned(on)
        assert (row.level_on, row.state_on == "open") == (drawn.level(on), drawn.is_open(on))
        assert row.mitigated_on == drawn.is_mitigated(on)
        assert (row.movement_on, row.score_before) == (drawn.movement(on, before), drawn.score(before))
        assert row.level_move_on == drawn.level_move(on, before)

        planned = drawn.planned(on)
        is_open, due = drawn.is_open(on), said.next_on if said else self.risk.first_review_by
        band = self.matrices[drawn.matrix(on)].band_of(drawn.score(on))
        assert rows.open().exists() == is_open
        assert rows.above_trajectory().exists() == (is_open and planned is not None and drawn.score(on) > planned)
        assert rows.without_mitigation().exists() == (is_open and not drawn.is_mitigated(on))
        assert rows.review_overdue(on).exists() == (is_open and due < on)
        assert rows.in_register(on).exists() == (drawn.opened_on <= on)
        for code in ("low", "moderate", "medium", "high", "extreme"):
            assert rows.in_bands([code], MatrixBook.read()).exists() == (code == band.code)

    def save(self, drawn: History) -> None:
        """Makes the risk's history this one, in few statements: there are hundreds of examples."""
        risk, common = self.risk, {"risk": self.risk, "created_at": LEARNED}
        likelihood, impact = drawn.inherent
        Risk.objects.filter(pk=risk.pk).update(
            opened_on=drawn.opened_on,
            first_level=drawn.first_level,
            inherent_likelihood=likelihood,
            inherent_impact=impact,
        )
        rows: list[RiskReview] = []
        for index, said in enumerate(drawn.said):
            wrong = None if said.corrects is None else rows[said.corrects]
            rows.append(
                RiskReview(
                    # Numbered here, in the order they were said, so that a correction can name the row it corrects.
                    pk=1000 + index,
                    reviewed_on=said.on,
                    matrix=self.matrices[said.matrix],
                    likelihood=said.pair[0],
                    impact=said.pair[1],
                    next_review_on=said.next_on,
                    reviewer=risk.owner,
                    supersedes=wrong,
                    correction_reason="A slip." if wrong else "",
                    **common,
                )
            )
        RiskReview.objects.bulk_create(rows)
        drawn.ids = [row.pk for row in rows]
        self.save_targets(drawn, common)
        self.save_moves(drawn, common)
        self.save_mitigations(drawn, common)

    def save_targets(self, drawn: History, common: dict[str, Any]) -> None:
        targets = [
            RiskTarget(
                pk=1000 + index,
                set_on=aim.on,
                matrix=self.matrices[aim.matrix],
                likelihood=aim.pair[0] if aim.pair else None,
                impact=aim.pair[1] if aim.pair else None,
                **common,
            )
            for index, aim in enumerate(drawn.aims)
        ]
        RiskTarget.objects.bulk_create(targets)
        TargetPoint.objects.bulk_create(
            TargetPoint(target=target, due_on=due_on, score=score, created_at=LEARNED)
            for target, aim in zip(targets, drawn.aims, strict=True)
            for due_on, score in aim.points.items()
        )

    def save_moves(self, drawn: History, common: dict[str, Any]) -> None:
        moves, level = [], drawn.first_level
        for day in drawn.moves:
            moves.append(Escalation(moved_on=day, from_level=level, to_level=level.other, **common))
            level = level.other
        Escalation.objects.bulk_create(moves)
        StateChange.objects.bulk_create(
            StateChange(changed_on=day, state="open" if place % 2 else "closed", **common)
            for place, day in enumerate(drawn.turns)
        )

    def save_mitigations(self, drawn: History, common: dict[str, Any]) -> None:
        owner = self.risk.owner
        mitigations = [
            Mitigation(
                pk=1000 + index,
                reference=f"M-{index}",
                kind="control",
                status="in_place",
                owner=owner,
                added_on=steps[0][0],
                **common,
            )
            for index, steps in enumerate(drawn.mitigations)
        ]
        Mitigation.objects.bulk_create(mitigations)
        MitigationUpdate.objects.bulk_create(
            MitigationUpdate(mitigation=mitigation, dated_on=day, status=status, owner=owner, created_at=LEARNED)
            for mitigation, steps in zip(mitigations, drawn.mitigations, strict=True)
            for day, status in steps
        )
