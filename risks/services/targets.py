"""Targets and the trajectory to them: each setting a row of its own, so that past days keep the plan they had."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from core.writes import text
from risks.models import Risk, RiskMatrix, RiskTarget, TargetPoint
from risks.services.current import (
    date_faults,
    lock_risk,
    pair_faults,
    refuse,
    refuse_changed,
    refuse_closed,
    refuse_other_matrix,
)

Points = Sequence[tuple[dt.date, int]]


@transaction.atomic
def set_target(
    *,
    risk: Risk,
    likelihood: int | None,
    impact: int | None,
    by: User | None,
    at: dt.datetime,
    due_on: dt.date | None = None,
    points: Points = (),
    reason: str = "",
    set_on: dt.date | None = None,
    based_on_version: int | None = None,
    on_matrix: int | None = None,
) -> RiskTarget | None:
    """Sets what a risk is to come down to, by when, and the planned scores on the way ((date, score), before the target
    date). Without a pair the risk has no target from that day on.

    A target that replaces another needs a reason. Without a change nothing is written: a second click returns the row
    that the first one made. Else raises ChangedSince where somebody wrote after the form was opened.
    """
    lock_risk(risk)
    refuse_closed(risk)
    today = timezone.localdate(at)
    set_on = set_on or today
    matrix = RiskMatrix.objects.in_use(set_on)
    latest = RiskTarget.objects.filter(risk=risk).first()
    target = RiskTarget(
        risk=risk,
        set_on=set_on,
        matrix=matrix,
        likelihood=likelihood,
        impact=impact,
        due_on=due_on,
        reason=text(reason),
        created_by=by,
        created_at=at,
    )
    if _says_the_same(latest, target, points):
        return latest
    refuse_changed(risk, based_on_version)
    refuse_other_matrix(matrix, on_matrix)
    refuse(
        date_faults("set_on", set_on, opened_on=risk.opened_on, today=today),
        _pair_faults(target),
        _point_faults(target, points),
        _past_faults(target, points, opened_on=risk.opened_on),
        _change_faults(latest, target),
    )
    target.full_clean(exclude=["score"])
    target.save()
    _add_points(target, points)
    Risk.objects.filter(pk=risk.pk).update(
        target_likelihood=likelihood, target_impact=impact, target_date=due_on, version=F("version") + 1
    )
    risk.refresh_from_db()
    return target


def _says_the_same(latest: RiskTarget | None, target: RiskTarget, points: Points) -> bool:
    if latest is None:
        return target.likelihood is None and target.impact is None and target.due_on is None and not points
    same = all(getattr(latest, name) == getattr(target, name) for name in ("likelihood", "impact", "due_on"))
    there = [point for point in latest.points.values_list("due_on", "score") if point[0] != latest.due_on]
    return same and latest.matrix_id == target.matrix_id and there == sorted(points)


def _pair_faults(target: RiskTarget) -> dict[str, str]:
    if target.likelihood is None and target.impact is None:
        return {"due_on": "A target date needs a target: choose its likelihood and impact."} if target.due_on else {}
    return pair_faults(target.matrix, target.likelihood, target.impact)


def _point_faults(target: RiskTarget, points: Points) -> dict[str, str]:
    if not points:
        return {}
    if target.due_on is None:
        return {"due_on": "Planned scores lead to a target: enter the target date."}
    days = [day for day, _score in points]
    most = target.matrix.size**2
    if len(set(days)) != len(days):
        return {"points": "Two planned scores have the same date. Change one."}
    if max(days) >= target.due_on:
        return {"points": "Planned scores must be before the target date."}
    if not all(1 <= score <= most for _day, score in points):
        return {"points": f"Planned scores must be between 1 and {most}."}
    return {}


def _past_faults(target: RiskTarget, points: Points, *, opened_on: dt.date) -> dict[str, str]:
    """A date before there was a risk is a slip of the keyboard. One that has passed is a target that was missed."""
    since = f"before the risk was opened, on {date_format(opened_on)}"
    faults = {}
    if target.due_on and target.due_on < opened_on:
        faults["due_on"] = f"The target date must not be {since}."
    if any(day < opened_on for day, _score in points):
        faults["points"] = f"Planned scores must not be {since}."
    return faults


def _change_faults(latest: RiskTarget | None, target: RiskTarget) -> dict[str, str]:
    if latest is None:
        return {}
    if target.set_on < latest.set_on:
        return {"set_on": f"The target was last set on {date_format(latest.set_on)}. Choose that day or a later one."}
    return {} if target.reason else {"reason": "Say why the target changes."}


def _add_points(target: RiskTarget, points: Points) -> None:
    planned = [*points]
    if target.due_on:
        target.refresh_from_db(fields=["score"])
        planned.append((target.due_on, target.score))
    rows = [
        TargetPoint(target=target, due_on=day, score=score, created_by=target.created_by, created_at=target.created_at)
        for day, score in planned
    ]
    TargetPoint.objects.bulk_create(rows)


def target_faults_renamed(error: ValidationError) -> ValidationError:
    """A target's faults by the names that a whole risk's fields have."""
    names = {"likelihood": "target_likelihood", "impact": "target_impact", "due_on": "target_date"}
    return ValidationError({names.get(name, name): messages for name, messages in error.message_dict.items()})
