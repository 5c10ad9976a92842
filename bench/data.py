"""A partnership of any size, made in bulk: at scale 1 the demo's 95 milestones, at scale 100 a hundred times that."""

import datetime as dt
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from openpyxl import Workbook

from accounts.models import Organisation, Role, User
from bench import risks
from board.services import ensure_months
from core.months import Month
from milestones.models import DueDateChange, Impact, Milestone, MilestoneUpdate, PriorityArea, Status
from milestones.resources import MilestoneUpdateResource
from milestones.services.current import refresh_ratings

AREAS = ("PA1", "PA2", "PA3", "AFI1", "AFI2")
FIRST, LAST = Month(2025, 4), Month(2026, 1)
LEARNED = dt.datetime(2026, 1, 31, 9, 0, tzinfo=dt.UTC)
# Ten months of monthly returns; at the larger size about a million updates with 9,500 milestones.
UPDATES_EACH, MANY_UPDATES_EACH = 10, 105


def load(scale: int) -> User:
    """Fills an empty database with 95 × scale milestones and their updates; returns somebody who may read it all."""
    chance = random.Random(scale)
    council = Organisation.objects.create(name="County Council", kind="local_authority", created_at=LEARNED)
    people = User.objects.bulk_create(
        User(
            email=f"officer{number}@bench.example",
            full_name=f"Officer {number:02d}",
            organisation=council,
            roles=[Role.OFFICER.value, Role.PROGRAMME_OFFICE.value],
            created_at=LEARNED,
        )
        for number in range(30)
    )
    areas = PriorityArea.objects.bulk_create(
        PriorityArea(code=code, title=f"Area {code}", kind="priority_action", order=order, created_at=LEARNED)
        for order, code in enumerate(AREAS)
    )
    plan = Milestone.objects.bulk_create(_milestones(95 * scale, areas, people, chance), batch_size=2000)
    updates = _updates(plan, MANY_UPDATES_EACH if scale > 1 else UPDATES_EACH, chance)
    while batch := list(islice(updates, 20_000)):
        MilestoneUpdate.objects.bulk_create(batch)
    DueDateChange.objects.bulk_create(_moves(plan, people[0]))
    refresh_ratings([milestone.pk for milestone in plan])
    risks.load(scale, people, areas, first=FIRST, last=LAST, at=LEARNED)
    ensure_months(first=FIRST, last=LAST, by=people[0], at=LEARNED)
    return people[0]


def _moves(plan: list[Milestone], approver: User) -> Iterator[DueDateChange]:
    """One milestone in ten had its due date moved once."""
    for milestone in plan[::10]:
        yield DueDateChange(
            milestone=milestone,
            changed_on=dt.date(2026, 1, 8),
            from_date=milestone.due_date - dt.timedelta(days=31),
            to_date=milestone.due_date,
            reason="The supplier was late.",
            approved_by=approver,
            created_at=LEARNED,
        )


def _milestones(
    number: int, areas: list[PriorityArea], people: list[User], chance: random.Random
) -> Iterator[Milestone]:
    for index in range(number):
        due = Month(2025, 7).plus(chance.randrange(12)).last_day
        yield Milestone(
            reference=f"{AREAS[index % 5]}-{index:05d}",
            area=areas[index % 5],
            title=f"Deliverable {index} of the plan",
            responsible_officer=chance.choice(people),
            sro=chance.choice(people),
            baseline_due_date=due,
            due_date=due,
            added_on=FIRST.first_day,
            created_at=LEARNED,
        )


def _updates(plan: list[Milestone], each: int, chance: random.Random) -> Iterator[MilestoneUpdate]:
    days = (LAST.last_day - FIRST.first_day).days
    for milestone in plan:
        for place in range(each):
            as_at = FIRST.first_day + dt.timedelta(days=days * (place + 1) // each)
            status = chance.choices(Status.values, weights=(36, 45, 11, 5, 3))[0]
            yield MilestoneUpdate(
                milestone=milestone,
                as_at=as_at,
                status=status,
                impact=chance.choice(Impact.values),
                progress="Progress as planned in this period.",
                completed_on=as_at if status == Status.COMPLETED else None,
                author_id=milestone.responsible_officer_id,
                created_at=LEARNED,
            )


def workbook(path: Path, rows: int, author: User) -> Path:
    """Updates that are not there yet: of every milestone in turn, as at every other day back from the last."""
    plan = list(Milestone.objects.values_list("reference", flat=True))
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(MilestoneUpdateResource().headings)
    for number in range(rows):
        day = LAST.last_day - dt.timedelta(days=2 * (number // len(plan)))
        # Few words many times: openpyxl holds each different text of a workbook in memory, for any reader.
        words = [f"Reported in sheet {number % 50}.", "Waits are shorter.", "", "", "", None]
        ratings = [Status.ON_TRACK.label, Impact.EMERGING.label]
        sheet.append([plan[number % len(plan)], max(day, FIRST.first_day), *ratings, *words, author.email])
    book.save(path)
    return path
