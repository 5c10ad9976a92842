"""One milestone: what it is, how it stands, and everything that was ever said about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.utils.timezone import localdate
from django.views.generic import TemplateView

from core.views import AsAtPage
from milestones.charts import rating_strip
from milestones.models import Milestone, MilestoneDependency, MilestoneUpdate
from milestones.permissions import Perm
from milestones.views import history
from milestones.views.base import OfMilestone

RECENT_UPDATES = 12


@dataclass(frozen=True)
class Link:
    """A dependency told from this milestone's side; `other` has the annotations of `as_at`."""

    dependency: MilestoneDependency
    words: str
    other: Milestone


class MilestoneDetail(OfMilestone, AsAtPage, TemplateView):
    """`?as_at=2025-12-31` shows what was true then; `?updates=all` the whole timeline."""

    permission = Perm.VIEW
    template_name = "milestones/milestone_detail.html"

    @cached_property
    def milestone(self) -> Milestone:
        plan = Milestone.objects.visible_to(self.request.user).as_at(self.on).with_trend(self.on)
        plan = plan.select_related("area", "responsible_officer", "sro", "organisation")
        return get_object_or_404(plan.prefetch_related("supporting_officers"), reference=self.kwargs["reference"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        updates = history.updates_of(self.milestone, self.on)
        standing = [row for row in updates if not hasattr(row, "superseded_by")]
        changes = history.changes_of(self.milestone)
        everything = self.request.GET.get("updates") == "all"
        return super().get_context_data(
            milestone=self.milestone,
            on=self.on,
            as_at=self.as_at,
            said=history.told_as_it_was(self.milestone, changes, self.on),
            latest=standing[0] if standing else None,
            strip=rating_strip(standing, added_on=self.milestone.added_on, on=self.on),
            updates=updates if everything else updates[:RECENT_UPDATES],
            updates_total=len(updates),
            correctable=self._correctable(updates),
            due_date_changes=history.due_date_changes_of(self.milestone, self.on),
            evidence=history.evidence_of(self.milestone, self.on),
            changes=[row for row in changes if row.changed_on <= self.on],
            links=self._links(),
            slips=self._slips(),
            may=self._may(),
            **kwargs,
        )

    def _may(self) -> dict[str, bool]:
        """What this person can do here now: nothing to a withdrawn milestone, nor to the past."""
        if self.as_at or self.milestone.is_withdrawn:
            return {}
        asked = (Perm.UPDATE, Perm.CONFIRM, Perm.CHANGE_DUE_DATE, Perm.MANAGE)
        return {perm.name.lower(): self.request.user.has_perm(perm, self.milestone) for perm in asked}

    def _correctable(self, updates: list[MilestoneUpdate]) -> set[int]:
        if self.as_at or self.milestone.is_withdrawn:
            return set()
        for update in updates:
            update.milestone = self.milestone
        return {update.pk for update in updates if self.request.user.has_perm(Perm.CORRECT, update)}

    def _links(self) -> list[Link]:
        """Dependencies that stood on the day."""
        rows = MilestoneDependency.objects.of(self.milestone)
        rows = [row for row in rows if _stood(row, self.on)] if self.as_at else list(rows.active())
        others = {row.blocker_id for row in rows} | {row.dependent_id for row in rows}
        known = Milestone.objects.as_at(self.on).in_bulk(others - {self.milestone.pk})
        links = []
        for row in rows:
            waits = row.dependent_id == self.milestone.pk
            words = {"blocks": ("Blocks", "Blocked by"), "informs": ("Informs", "Informed by")}[row.kind][waits]
            links.append(Link(row, words, known[row.blocker_id if waits else row.dependent_id]))
        return sorted(links, key=lambda link: (link.words != "Blocked by", link.words, link.other.reference))

    def _slips(self) -> list[MilestoneDependency]:
        if self.as_at:
            return []
        here = Q(blocker=self.milestone) | Q(dependent=self.milestone)
        return list(MilestoneDependency.objects.slipping().filter(here).select_related("blocker", "dependent"))


def _stood(row: MilestoneDependency, on: dt.date) -> bool:
    return localdate(row.created_at) <= on and (row.ended_at is None or localdate(row.ended_at) > on)
