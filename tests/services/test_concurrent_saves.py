"""Two people at once, on a database that really lets them: each race ends as if one had come after the other."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from core.writes import ChangedSince
from milestones.models import DueDateChange, Milestone, MilestoneDependency, MilestoneDraft, MilestoneUpdate, Status
from milestones.services import (
    change_due_date,
    correct_update,
    link_milestones,
    record_update,
    save_draft,
)
from tests.factories import MilestoneFactory, MilestoneUpdateFactory

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("services"), pytest.mark.django_db(transaction=True)]
# One round may happen to run one after the other; five in a row hardly.
ROUNDS = range(5)
TODAY = dt.date(2026, 1, 31)


def race(*calls: Callable[[], Any]) -> list[Any]:
    """Makes the calls at the same moment, each on a connection of its own; gives what each returned or raised."""
    start = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        connection.ensure_connection()
        start.wait()
        try:
            outcomes[place] = call()
        except Exception as error:  # noqa: BLE001 whatever it is, the test looks at it
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def saying(progress: str, milestone: Milestone, at: dt.datetime) -> Callable[[], MilestoneUpdate]:
    """Records an update through a copy of the milestone of its own, as another request would."""
    own = Milestone.objects.get(pk=milestone.pk)
    return lambda: record_update(
        milestone=own,
        status=Status.ON_TRACK,
        as_at=TODAY,
        progress=progress,
        based_on_version=1,
        by=own.responsible_officer,
        at=at,
    )


def correcting(wrong: MilestoneUpdate, progress: str, at: dt.datetime) -> Callable[[], MilestoneUpdate]:
    own = MilestoneUpdate.objects.get(pk=wrong.pk)
    return lambda: correct_update(update=own, by=own.author, at=at, correction_reason="A slip.", progress=progress)


def moving(milestone: Milestone, to_date: dt.date, at: dt.datetime) -> Callable[[], DueDateChange]:
    own = Milestone.objects.get(pk=milestone.pk)
    return lambda: change_due_date(
        milestone=own, to_date=to_date, reason="Late.", approved_by=own.sro, by=own.responsible_officer, at=at
    )


def linking(blocker: Milestone, dependent: Milestone, at: dt.datetime) -> Callable[[], MilestoneDependency]:
    kind = MilestoneDependency.Kind.BLOCKS
    return lambda: link_milestones(blocker=blocker, dependent=dependent, kind=kind, by=blocker.sro, at=at)


def keeping(milestone: Milestone, progress: str, at: dt.datetime) -> Callable[[], MilestoneDraft]:
    typed = {"progress": progress}
    return lambda: save_draft(milestone=milestone, author=milestone.sro, typed=typed, based_on_version=1, at=at)


def kinds(outcomes: list[Any]) -> set[type]:
    return {type(outcome) for outcome in outcomes}


def test_of_two_updates_based_on_one_version_the_second_is_told(at: dt.datetime) -> None:
    for _ in ROUNDS:
        milestone = MilestoneFactory()

        outcomes = race(saying("One.", milestone, at), saying("Two.", milestone, at))

        milestone.refresh_from_db()
        assert kinds(outcomes) == {ChangedSince, MilestoneUpdate}
        assert (milestone.version, milestone.updates.count()) == (2, 1)


def test_a_double_click_counts_once(at: dt.datetime) -> None:
    for _ in ROUNDS:
        milestone = MilestoneFactory()

        first, second = race(saying("One.", milestone, at), saying("One.", milestone, at))

        assert first == second == milestone.updates.get()


def test_of_two_corrections_one_is_refused(at: dt.datetime) -> None:
    for _ in ROUNDS:
        wrong = MilestoneUpdateFactory()

        outcomes = race(correcting(wrong, "One.", at), correcting(wrong, "Two.", at))

        assert kinds(outcomes) == {MilestoneUpdate, ValidationError}
        assert wrong.milestone.updates.effective().count() == 1


def test_two_moves_of_a_due_date_follow_each_other(at: dt.datetime) -> None:
    for _ in ROUNDS:
        milestone = MilestoneFactory()

        race(moving(milestone, dt.date(2026, 6, 30), at), moving(milestone, dt.date(2026, 9, 30), at))

        milestone.refresh_from_db()
        first, second = milestone.due_date_changes.order_by("pk")
        assert (first.to_date, second.to_date, milestone.version) == (second.from_date, milestone.due_date, 3)


def test_two_links_do_not_close_a_circle(at: dt.datetime) -> None:
    for _ in ROUNDS:
        one, other = MilestoneFactory.create_batch(2)

        outcomes = race(linking(one, other, at), linking(other, one, at))

        assert kinds(outcomes) == {MilestoneDependency, ValidationError}


def test_two_tabs_keep_one_draft(at: dt.datetime) -> None:
    for _ in ROUNDS:
        milestone = MilestoneFactory()

        outcomes = race(keeping(milestone, "One.", at), keeping(milestone, "Two.", at))

        assert kinds(outcomes) == {MilestoneDraft}
        assert milestone.drafts.count() == 1
