"""Links between milestones: one waits for, or is shaped by, another. Never in a circle."""

import datetime as dt
from collections import defaultdict

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from milestones.models import Milestone, MilestoneDependency, PriorityArea


@transaction.atomic
def link_milestones(
    *, blocker: Milestone, dependent: Milestone, kind: str, by: User, at: dt.datetime
) -> MilestoneDependency:
    """Says that `blocker` blocks or informs `dependent`. Refuses itself, withdrawn ones, a pair linked already, and
    a link that closes a circle, over however many milestones."""
    # Three people can close a circle over three pairs that share no row, so all links queue at the same lock: the
    # areas, a handful of rows.
    list(PriorityArea.objects.select_for_update().order_by("pk"))
    if blocker == dependent:
        raise ValidationError({"dependent": "A milestone can’t depend on itself. Choose another."})
    for name, milestone in (("blocker", blocker), ("dependent", dependent)):
        milestone.refresh_from_db(fields=["withdrawn_on"])
        if milestone.is_withdrawn:
            raise ValidationError({name: f"{milestone.reference} was withdrawn from the plan. Choose another."})
    if chain := _path(dependent.pk, blocker.pk):
        references = Milestone.objects.in_bulk(chain)
        circle = " → ".join(references[milestone_id].reference for milestone_id in [*chain, chain[0]])
        raise ValidationError({"dependent": f"These milestones would wait for each other in a circle: {circle}."})
    dependency = MilestoneDependency(blocker=blocker, dependent=dependent, kind=kind, created_by=by, created_at=at)
    dependency.full_clean()
    dependency.save()
    return dependency


@transaction.atomic
def unlink_milestones(*, dependency: MilestoneDependency, by: User, at: dt.datetime) -> MilestoneDependency:
    """Ends a link; that it was there stays known. A link that has ended stays as it ended."""
    dependency.refresh_from_db(from_queryset=MilestoneDependency.objects.select_for_update())
    if dependency.ended_at is None:
        dependency.ended_at, dependency.ended_by = at, by
        dependency.full_clean()
        dependency.save()
    return dependency


def _path(start: int, goal: int) -> list[int]:
    """The milestones along a chain of active links from one to another, both included; empty without one.

    All links are read at once (there are a few hundred at most), then followed in memory.
    """
    following: dict[int, list[int]] = defaultdict(list)
    for blocker, dependent in MilestoneDependency.objects.active().values_list("blocker_id", "dependent_id"):
        following[blocker].append(dependent)
    came_from: dict[int, int | None] = {start: None}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            break
        for there in following[here]:
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    path: list[int] = []
    step: int | None = goal if goal in came_from else None
    while step is not None:
        path.append(step)
        step = came_from[step]
    return path[::-1]
