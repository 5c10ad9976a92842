"""The register of a benchmark's partnership, and the plainest code that does the work on it."""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse

from accounts.models import User
from core.months import Month, months_after
from milestones.models import PriorityArea
from risks.models import (
    Level,
    Mitigation,
    MitigationUpdate,
    Risk,
    RiskMatrix,
    RiskReview,
    RiskTarget,
    TargetPoint,
)
from risks.services.current import refresh_scores

# Nine months of reviews; at the larger size 100,000 with 2,000 risks.
REVIEWS_EACH, MANY_REVIEWS_EACH = 9, 50


def load(
    scale: int, people: list[User], areas: list[PriorityArea], *, first: Month, last: Month, at: dt.datetime
) -> None:
    """20 × scale risks, each with its reviews, a trajectory, and all but one in twenty with a mitigation."""
    chance = random.Random(scale)
    matrix = RiskMatrix.objects.get(code="five-by-five")
    risks = Risk.objects.bulk_create(_risks(20 * scale, matrix, people, chance, first, at), batch_size=1000)
    links = Risk.areas.through
    links.objects.bulk_create(links(risk=risk, priorityarea=chance.choice(areas)) for risk in risks)
    reviews = _reviews(risks, matrix, MANY_REVIEWS_EACH if scale > 1 else REVIEWS_EACH, chance, first, last, at)
    while batch := list(islice(reviews, 20_000)):
        RiskReview.objects.bulk_create(batch)
    targets = RiskTarget.objects.bulk_create(
        RiskTarget(risk=risk, set_on=risk.opened_on, matrix=matrix, likelihood=2, impact=3, created_at=at)
        for risk in risks
    )
    TargetPoint.objects.bulk_create(
        TargetPoint(target=target, due_on=last.plus(months).last_day, score=score, created_at=at)
        for target in targets
        for months, score in ((-4, 16), (-1, 12), (3, 6))
    )
    _mitigate(risks, at)
    refresh_scores([risk.pk for risk in risks])


def _risks(
    number: int, matrix: RiskMatrix, people: list[User], chance: random.Random, first: Month, at: dt.datetime
) -> Iterator[Risk]:
    for index in range(number):
        pair = {"likelihood": chance.randint(2, 5), "impact": chance.randint(2, 5)}
        yield Risk(
            reference=f"R{index:05d}",
            title=f"Something {index} that could hold up the plan",
            level=chance.choice(Level.values),
            first_level=Level.OPERATIONAL,
            owner=chance.choice(people),
            inherent_matrix=matrix,
            matrix=matrix,
            opened_on=first.first_day,
            first_review_by=first.next.first_day,
            created_at=at,
            **pair,
            **{f"inherent_{axis}": value for axis, value in pair.items()},
        )


def _reviews(
    risks: list[Risk],
    matrix: RiskMatrix,
    each: int,
    chance: random.Random,
    first: Month,
    last: Month,
    at: dt.datetime,
) -> Iterator[RiskReview]:
    days = (last.last_day - first.first_day).days
    for risk in risks:
        for place in range(each):
            day = first.first_day + dt.timedelta(days=days * (place + 1) // each)
            yield RiskReview(
                risk=risk,
                reviewed_on=day,
                matrix=matrix,
                likelihood=chance.randint(1, 5),
                impact=chance.randint(1, 5),
                note="Judged with the controls that are in place.",
                next_review_on=months_after(day, 1),
                reviewer_id=risk.owner_id,
                created_at=at,
            )


def _mitigate(risks: list[Risk], at: dt.datetime) -> None:
    mitigations = Mitigation.objects.bulk_create(
        Mitigation(
            reference=f"{risk.reference}-M1",
            risk=risk,
            kind="action",
            description="Agree a recovery plan.",
            owner_id=risk.owner_id,
            due_date=dt.date(2026, 2, 27),
            status="to_do",
            added_on=risk.opened_on,
            created_at=at,
        )
        for index, risk in enumerate(risks)
        if index % 20
    )
    MitigationUpdate.objects.bulk_create(
        MitigationUpdate(
            mitigation=each,
            dated_on=each.added_on,
            status=each.status,
            due_date=each.due_date,
            owner_id=each.owner_id,
            created_at=at,
        )
        for each in mitigations
    )


# --- By hand --------------------------------------------------------------------------------------------------------

_REVIEW = """(SELECT v.id FROM risks_riskreview v WHERE v.risk_id = r.id AND v.reviewed_on <= %({day})s
    AND NOT EXISTS (SELECT 1 FROM risks_riskreview c WHERE c.supersedes_id = v.id)
    ORDER BY v.reviewed_on DESC, v.id DESC LIMIT 1)"""
_MOVE = """COALESCE((SELECT e.to_level FROM risks_escalation e WHERE e.risk_id = r.id AND e.moved_on <= %({day})s
    ORDER BY e.moved_on DESC, e.id DESC LIMIT 1), r.first_level)"""
_STATE = """COALESCE((SELECT s.state FROM risks_statechange s WHERE s.risk_id = r.id AND s.changed_on <= %({day})s
    ORDER BY s.changed_on DESC, s.id DESC LIMIT 1), 'open')"""
_STATUS = """(SELECT u.{column} FROM risks_mitigationupdate u WHERE u.mitigation_id = m.id AND u.dated_on <= %(on)s
    ORDER BY u.dated_on DESC, u.id DESC LIMIT 1)"""
ROLLUP_BY_HAND = f"""
    WITH standing AS (
        SELECT r.id, COALESCE(v.score, r.inherent_score) AS score, COALESCE(w.score, r.inherent_score) AS before,
            COALESCE(v.next_review_on, r.first_review_by) AS next_review,
            {_MOVE.format(day="on")} AS level, {_MOVE.format(day="before")} AS level_before,
            {_STATE.format(day="on")} AS state,
            r.opened_on > %(before)s OR {_STATE.format(day="before")} = 'closed' AS new,
            (SELECT p.score FROM risks_targetpoint p WHERE p.due_on <= %(on)s AND p.target_id = (
                SELECT t.id FROM risks_risktarget t WHERE t.risk_id = r.id AND t.set_on <= %(on)s
                ORDER BY t.set_on DESC, t.id DESC LIMIT 1) ORDER BY p.due_on DESC LIMIT 1) AS planned,
            EXISTS (SELECT 1 FROM risks_mitigation m WHERE m.risk_id = r.id AND m.added_on <= %(on)s
                AND {_STATUS.format(column="status")} <> 'stopped') AS mitigated
        FROM risks_risk r LEFT JOIN risks_riskreview v ON v.id = {_REVIEW.format(day="on")}
            LEFT JOIN risks_riskreview w ON w.id = {_REVIEW.format(day="before")}
        WHERE r.opened_on <= %(on)s
    )
    SELECT a.code, level, state, score,
        CASE WHEN state = 'closed' THEN 'closed' WHEN new THEN 'new' WHEN score > before THEN 'up'
            WHEN score < before THEN 'down' ELSE 'same' END AS movement,
        COUNT(*), SUM(CASE WHEN planned IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN score > planned THEN 1 ELSE 0 END), SUM(CASE WHEN mitigated THEN 0 ELSE 1 END),
        SUM(CASE WHEN next_review < %(on)s THEN 1 ELSE 0 END), SUM(CASE WHEN level <> level_before THEN 1 ELSE 0 END)
    FROM standing LEFT JOIN risks_risk_areas l ON l.risk_id = standing.id
        LEFT JOIN milestones_priorityarea a ON a.id = l.priorityarea_id GROUP BY 1, 2, 3, 4, 5"""
LATE_BY_HAND = f"""
    SELECT DISTINCT m.risk_id FROM risks_mitigation m WHERE m.kind = 'action' AND m.added_on <= %(on)s
    AND {_STATUS.format(column="status")} IN ('to_do', 'under_way') AND {_STATUS.format(column="due_date")} < %(on)s"""


def rollup_by_hand(month: Month) -> list[tuple[Any, ...]]:
    """The register's counts in two statements: by area, level, state, score and movement; and late actions."""
    days = {"on": month.last_day, "before": month.previous.last_day}
    with connection.cursor() as cursor:
        cursor.execute(LATE_BY_HAND, days)
        cursor.fetchall()
        cursor.execute(ROLLUP_BY_HAND, days)
        return cursor.fetchall()


COLUMNS = (
    *("reference", "title", "cause", "event", "consequence", "level_on", "level_move_on", "state_on"),
    *("owner__full_name", "owner__email", "treatment", "inherent_likelihood", "inherent_impact", "inherent_score"),
    *("likelihood_on", "impact_on", "score_on", "matrix_on", "movement_on", "target_score_on", "planned_on"),
    *("mitigated_on", "reviewed_on", "next_review_on", "frequency", "opened_on", "version", "id"),
)


def bare_list(request: HttpRequest, month: Month) -> JsonResponse:
    """The rows of the API's list, as they come."""
    on = month.last_day
    register = Risk.objects.in_register(on).as_at(on).with_movement(on).open()
    return JsonResponse({"results": list(register.order_by("reference").values(*COLUMNS)[:100])})
