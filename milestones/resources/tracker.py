"""Milestones as a spreadsheet: the tracker that councils keep."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.resources import OrganisationWidget, PersonWidget, make_new_organisations
from core.sheets import Column, Difference, Row, RowFault, SheetResource, save_sound
from core.sheets.widgets import (
    CellWidget,
    ChoiceWidget,
    CodeWidget,
    DateWidget,
    LinksWidget,
)
from core.writes import all_of
from milestones.models import Evidence, Impact, Milestone, MilestoneUpdate, Status
from milestones.resources.names import REFERENCE_ALSO, AreaWidget
from milestones.services import (
    MilestoneRow,
    UpdateRow,
    add_evidence,
    add_milestones,
    change_due_date,
    reassign,
    record_history,
    revise_milestone,
    withdraw_milestone,
)


class MilestoneResource(SheetResource):
    """The tracker. A known reference is changed through the services that a form would use, so its history says what
    changed and which sheet said so; a new due date is approved by whoever imports it."""

    kind = "milestones"
    title = "Milestones"
    about = "One row for each milestone of the plan: the tracker."
    key = ("reference",)
    renamed = {
        "to_date": "due_date",
        "from_date": "due_date",
        "approved_by": "due_date",
        "on": "withdrawn_on",
        "as_at": "status_as_at",
        "url": "evidence",
        "title": "milestone",
    }

    reference = Column("Reference", CodeWidget(longest=20), attribute="reference", also=REFERENCE_ALSO)
    area = Column(
        "Priority area", AreaWidget(), attribute="area", path="area__code", also=("Area", "Priority"), hint="Its code"
    )
    milestone = Column("Milestone", CellWidget(longest=300), attribute="title", also=("Title", "Action"))
    success_measure = Column(
        "Success measure",
        attribute="success_measure",
        also=("Success criteria", "Impact measure"),
        optional=True,
    )
    responsible_officer = Column(
        "Responsible officer",
        PersonWidget(),
        attribute="responsible_officer",
        path="responsible_officer__email",
        also=("Lead", "Lead officer", "Action lead"),
        hint="Email address or full name",
    )
    sro = Column(
        "SRO",
        PersonWidget(),
        attribute="sro",
        path="sro__email",
        also=("Senior responsible officer", "Accountable"),
        hint="Email address or full name",
    )
    organisation = Column(
        "Organisation",
        OrganisationWidget(),
        attribute="organisation",
        path="organisation__name",
        optional=True,
        hint="A new name makes an organisation",
    )
    baseline_due_date = Column(
        "Baseline due date",
        DateWidget(),
        attribute="baseline_due_date",
        optional=True,
        blank_keeps=True,
        hint="Blank: the due date",
    )
    due_date = Column("Due date", DateWidget(), attribute="due_date", also=("Deadline", "Target date"))
    status = Column(
        "Status",
        ChoiceWidget(Status),
        path="latest_update__status",
        also=("RAG", "RAG status"),
        optional=True,
        hint="Makes an update",
    )
    status_as_at = Column(
        "Status as at", DateWidget(), path="latest_update__as_at", optional=True, hint="Blank: the day of the import"
    )
    impact = Column("Impact", ChoiceWidget(Impact), path="latest_update__impact", also=("Impact RAG",), optional=True)
    evidence = Column("Evidence", LinksWidget(), also=("Link",), optional=True, hint="A web address")
    added_on = Column(
        "Added on",
        DateWidget(),
        attribute="added_on",
        optional=True,
        blank_keeps=True,
        hint="Blank: the day the plan was approved",
    )
    withdrawn_on = Column("Withdrawn on", DateWidget(), attribute="withdrawn_on", optional=True, blank_keeps=True)

    def prepare(self, rows: Sequence[Row]) -> None:
        make_new_organisations(self, rows)
        references = [row.values["reference"] for row in rows]
        self.links: dict[str, list[str]] = defaultdict(list)
        # Withdrawn ones too: a link that was taken back is not added again by the next month's tracker.
        evidence = Evidence.objects.filter(milestone__reference__in=references).exclude(url="").order_by("pk")
        for reference, url in evidence.values_list("milestone__reference", "url"):
            self.links[reference].append(url)
        days = {row.values["status_as_at"] for row in rows if row.get("status_as_at")}
        self.reported: dict[tuple[str, dt.date], set[tuple[str, str]]] = defaultdict(set)
        updates = MilestoneUpdate.objects.effective().filter(milestone__reference__in=references, as_at__in=days)
        for reference, day, status, impact in updates.values_list("milestone__reference", "as_at", "status", "impact"):
            self.reported[reference, day].add((status, impact))
        self.new: list[tuple[Row, MilestoneRow]] = []
        self.updates: list[tuple[Row, UpdateRow]] = []

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Milestone]:
        plan = Milestone.objects.filter(reference__in=[reference for (reference,) in keys])
        related = plan.select_related("area", "responsible_officer", "sro", "organisation", "latest_update")
        return {(milestone.reference,): milestone for milestone in related}

    def differences(self, thing: Any, row: Row) -> list[Difference]:
        return super().differences(thing, row) + self._rating_differences(thing, row) + self._new_links(row)

    def _rating_differences(self, milestone: Milestone, row: Row) -> list[Difference]:
        """What an update would say anew. With a date: unless an update of that day says it. Without one: only what
        differs from how the milestone stands, so that the same tracker changes nothing on another day."""
        status, impact, day = row.get("status"), row.get("impact"), row.get("status_as_at")
        if not (status or impact):
            return []
        if day and any(
            status in (None, there) and impact in (None, rated)
            for there, rated in self.reported[milestone.reference, day]
        ):
            return []
        found = []
        if status and status != milestone.status:
            found.append(Difference("status", milestone.status, status))
        if impact and impact != milestone.impact:
            found.append(Difference("impact", milestone.impact, impact))
        if day:
            latest = milestone.latest_update
            found.append(Difference("status_as_at", latest.as_at if latest else None, day))
        return found

    def _new_links(self, row: Row) -> list[Difference]:
        there = self.links[row.values["reference"]]
        new = [link for link in row.get("evidence", ()) if link not in there]
        return [Difference("evidence", there, [*there, *new])] if new else []

    def add(self, row: Row) -> None:
        new = MilestoneRow(
            reference=row.values["reference"],
            area=row.values["area"],
            title=row.values["milestone"],
            responsible_officer=row.values["responsible_officer"],
            sro=row.values["sro"],
            due_date=row.values["due_date"],
            baseline_due_date=row.get("baseline_due_date"),
            added_on=row.get("added_on") or dt.date.fromisoformat(settings.PLAN_APPROVED_ON),
            success_measure=row.get("success_measure", ""),
            organisation=row.get("organisation"),
        )
        self.new.append((row, new))

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        now = {each.name: each.now for each in differences}
        if now.keys() & {"status", "impact", "status_as_at"}:
            self._rate(thing, row)
        steps = [self._revise(thing, now), self._reassign(thing, now), self._move(thing, now)]
        if "evidence" in now:
            steps.append(self._link(thing, row))
        if "withdrawn_on" in now:
            steps.append(self._withdraw(thing, row))
        all_of(*steps)

    def _rate(self, milestone: Milestone, row: Row) -> None:
        update = UpdateRow(
            milestone=milestone,
            as_at=row.get("status_as_at") or self.run.on,
            status=row.get("status") or milestone.status,
            impact=row.get("impact"),
            progress=self.run.reason,
            rating_only=True,
            author=self.run.by or milestone.responsible_officer,
        )
        self.updates.append((row, update))

    def finish(self) -> Iterable[RowFault]:
        """The chunk's new milestones in one batch, and everyone's ratings in another."""
        run = self.run
        rows, milestones, faults = save_sound(self.new, lambda new: add_milestones(rows=new, by=run.by, at=run.at))
        for row, milestone in zip(rows, milestones or (), strict=True):
            if row.get("status") or row.get("impact"):
                self._rate(milestone, row)
            faults += self._complete(milestone, row)
        _rows, _number, unrated = save_sound(
            self.updates, lambda updates: record_history(rows=updates, by=run.by, at=run.at)
        )
        return faults + unrated

    def _complete(self, milestone: Milestone, row: Row) -> list[RowFault]:
        """A new milestone's links, and its withdrawal."""
        if not (row.get("evidence") or row.get("withdrawn_on")):
            return []
        try:
            all_of(self._link(milestone, row), self._withdraw(milestone, row))
        except ValidationError as error:
            return [(row.number, name, text) for name, messages in error.message_dict.items() for text in messages]
        return []

    def _revise(self, milestone: Milestone, now: Mapping[str, Any]) -> Callable[[], Any]:
        names = ("area", "milestone", "success_measure", "organisation", "baseline_due_date", "added_on")
        changes = {str(self.fields[name].attribute): now[name] for name in names if name in now}
        run = self.run
        return lambda: (
            changes
            and revise_milestone(milestone=milestone, by=run.by, at=run.at, on=run.on, reason=run.reason, **changes)
        )

    def _reassign(self, milestone: Milestone, now: Mapping[str, Any]) -> Callable[[], Any]:
        people = {name: now[name] for name in ("responsible_officer", "sro") if name in now}
        run = self.run
        return lambda: people and reassign(milestone=milestone, by=run.by, at=run.at, reason=run.reason, **people)

    def _move(self, milestone: Milestone, now: Mapping[str, Any]) -> Callable[[], Any]:
        run = self.run

        def move() -> None:
            if "due_date" not in now:
                return
            if run.by is None:
                raise ValidationError(
                    {"due_date": "A changed due date needs somebody who approves it: import as a person."}
                )
            change_due_date(
                milestone=milestone,
                to_date=now["due_date"],
                reason=run.reason,
                approved_by=run.by,
                by=run.by,
                at=run.at,
            )

        return move

    def _link(self, milestone: Milestone, row: Row) -> Callable[[], Any]:
        there = self.links[row.values["reference"]]
        run = self.run

        def link() -> None:
            for url in row.get("evidence", ()):
                if url not in there:
                    add_evidence(
                        milestone=milestone,
                        title=f"Link to {urlsplit(url).hostname}"[:200],
                        kind=Evidence.Kind.OTHER,
                        dated=row.get("status_as_at") or run.on,
                        url=url,
                        by=run.by,
                        at=run.at,
                    )

        return link

    def _withdraw(self, milestone: Milestone, row: Row) -> Callable[[], Any]:
        on, run = row.get("withdrawn_on"), self.run
        return lambda: on and withdraw_milestone(milestone=milestone, on=on, reason=run.reason, by=run.by, at=run.at)

    # --- Out --------------------------------------------------------------------------------------------------------

    def export_queryset(self) -> QuerySet[Milestone]:
        return Milestone.objects.order_by("area__order", "reference")

    def export_paths(self, queryset: QuerySet[Milestone]) -> list[str]:
        """Of a queryset that is as at a day (`MilestoneQuerySet.as_at`), what was true on that day."""
        paths = super().export_paths(queryset)
        if "status_on" not in queryset.query.annotations:
            return paths
        as_at = {
            "latest_update__status": "status_on",
            "latest_update__impact": "impact_on",
            "latest_update__as_at": "updated_on",
            "due_date": "due_on",
        }
        return [as_at.get(path, path) for path in paths]

    def export_extra(self, ids: Sequence[Any]) -> Mapping[Any, Mapping[int, Any]]:
        place = list(self.fields).index("evidence")
        links: dict[Any, list[str]] = defaultdict(list)
        evidence = Evidence.objects.standing().filter(milestone__in=ids).exclude(url="").order_by("pk")
        for milestone_id, url in evidence.values_list("milestone_id", "url"):
            if url not in links[milestone_id]:
                links[milestone_id].append(url)
        return {milestone_id: {place: "\n".join(urls)} for milestone_id, urls in links.items()}
