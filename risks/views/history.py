"""What was judged, decided and done about a risk, gathered as one story for its page."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.formats import date_format

from accounts.models import User
from core.history import as_it_was
from risks.models import MitigationUpdate, Risk, RiskReview, State

# What a risk is, as its page lists it. A change of any of them is a history row.
TOLD = (
    "title",
    "cause",
    "event",
    "consequence",
    "owner",
    "treatment",
    "frequency",
)


# Corrected, not changed: what it is told to be holds for the past too.
INHERENT = ("inherent_likelihood", "inherent_impact")


@dataclass(frozen=True)
class Event:
    """One step of the story. `words` is what happened, `detail` what was said about it. `kind` is for its look."""

    kind: str
    day: dt.date
    at: dt.datetime
    words: str
    by: User | None
    detail: str = ""
    row: Any = None


def reviews_of(risk: Risk, on: dt.date) -> list[RiskReview]:
    """Every review of a day or before, the latest first, superseded ones too."""
    rows = RiskReview.objects.filter(risk=risk, reviewed_on__lte=on)
    return list(rows.select_related("reviewer", "created_by", "matrix", "superseded_by__reviewer"))


def told_as_it_was(risk: Risk, changes: list[Any], on: dt.date) -> dict[str, Any]:
    """What the risk was on a day, field by field, and what it bore on, by codes."""
    links = {
        "areas": ", ".join(area.code for area in risk.areas.all()),
        "milestones": ", ".join(milestone.reference for milestone in risk.milestones.all()),
    }
    return as_it_was({name: getattr(risk, name) for name in TOLD} | links, changes, on)


def story(risk: Risk, reviews: list[RiskReview], changes: list[Any], on: dt.date) -> list[Event]:
    """Everything up to a day, the latest first."""
    events = [
        *_reviewed(risk, reviews),
        *_moved(risk, on),
        *_aimed(risk, on),
        *_opened_and_closed(risk, on),
        *_mitigated(risk, on),
        *_changed(changes, on),
    ]
    return sorted(events, key=lambda event: (event.day, event.at), reverse=True)


def _reviewed(risk: Risk, reviews: list[RiskReview]) -> list[Event]:
    standing = [row for row in reviews if not hasattr(row, "superseded_by")]
    before = {later.pk: earlier.score for later, earlier in pairwise(standing)}
    return [
        Event(
            "review",
            row.reviewed_on,
            row.created_at,
            _score_words(row, before.get(row.pk)),
            row.reviewer,
            row.note,
            row,
        )
        for row in reviews
    ]


def _score_words(review: RiskReview, before: int | None) -> str:
    if before is None:
        return f"Reviewed: scored {review.score}"
    if before == review.score:
        return f"Reviewed: still {review.score}"
    return f"Reviewed: {'up' if review.score > before else 'down'} from {before} to {review.score}"


def _moved(risk: Risk, on: dt.date) -> list[Event]:
    moves = risk.escalations.filter(moved_on__lte=on).select_related("created_by")
    return [Event("move", row.moved_on, row.created_at, row.words, row.created_by, row.reason, row) for row in moves]


def _aimed(risk: Risk, on: dt.date) -> list[Event]:
    found = []
    for row in risk.targets.filter(set_on__lte=on).select_related("created_by").prefetch_related("points"):
        if row.score is None:
            words = "Target taken away"
        else:
            words = f"Target set: {row.score}" + (f" by {date_format(row.due_on)}" if row.due_on else "")
        on_the_way = [point for point in row.points.all() if point.due_on != row.due_on]
        steps = ", ".join(f"{point.score} by {date_format(point.due_on)}" for point in on_the_way)
        words += f", on the way {steps}" if steps else ""
        found.append(Event("target", row.set_on, row.created_at, words, row.created_by, row.reason, row))
    return found


def _opened_and_closed(risk: Risk, on: dt.date) -> list[Event]:
    changes = risk.state_changes.filter(changed_on__lte=on).select_related("created_by")
    words = {State.CLOSED: "Closed", State.OPEN: "Opened again"}
    return [
        Event("state", row.changed_on, row.created_at, words[State(row.state)], row.created_by, row.reason, row)
        for row in changes
    ]


def _mitigated(risk: Risk, on: dt.date) -> list[Event]:
    rows = MitigationUpdate.objects.filter(mitigation__risk=risk, dated_on__lte=on).order_by("dated_on", "pk")
    seen: dict[int, MitigationUpdate] = {}
    found = []
    for row in rows.select_related("mitigation", "created_by", "owner"):
        words = _mitigation_words(row, seen.get(row.mitigation_id))
        seen[row.mitigation_id] = row
        found.append(Event("mitigation", row.dated_on, row.created_at, words, row.created_by, row.note, row))
    return found


def _mitigation_words(row: MitigationUpdate, before: MitigationUpdate | None) -> str:
    named = f"{row.mitigation.reference} {row.mitigation.description}"
    if before is None:
        return f"{row.mitigation.get_kind_display()} added: {named}"
    steps = []
    if row.status != before.status:
        steps.append(row.get_status_display().lower())
    if row.due_date != before.due_date and row.due_date:
        steps.append(f"due {date_format(row.due_date)}")
    if row.owner_id != before.owner_id:
        steps.append(f"given to {row.owner}")
    return f"{named}: {', '.join(steps) or 'a note'}"


def _changed(changes: list[Any], on: dt.date) -> list[Event]:
    found = []
    for row in changes:
        if row.changed_on > on:
            continue
        words = "Added to the register" if row.field == "added" else _change_words(row)
        found.append(Event("change", row.changed_on, row.created_at, words, row.created_by, row.reason, row))
    return found


def _change_words(row: Any) -> str:
    field = Risk._meta.get_field(row.field)
    labels = {str(code): str(label) for code, label in field.flatchoices}
    was, now = (labels.get(value, value) or "nothing" for value in (row.was, row.now))
    verb = "corrected" if row.field in INHERENT else "changed"
    return f"{str(field.verbose_name).capitalize()} {verb} from “{was}” to “{now}”"
