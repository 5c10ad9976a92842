"""What holds a risk down: controls that are in place, actions that are to be done."""

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from accounts.models import User
from core.models import AppendOnly, Authored
from core.ratings import Colour
from milestones.models import reference_validator


class MitigationKind(models.TextChoices):
    CONTROL = "control", "Control"
    ACTION = "action", "Action"

    @property
    def meaning(self) -> str:
        return {
            MitigationKind.CONTROL: "Something that works against the risk already.",
            MitigationKind.ACTION: "Something to be done, by somebody and by a date.",
        }[self]


class MitigationStatus(models.TextChoices):
    IN_PLACE = "in_place", "In place"
    TO_DO = "to_do", "To do"
    UNDER_WAY = "under_way", "Under way"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"

    @property
    def colour(self) -> Colour:
        return {
            MitigationStatus.IN_PLACE: Colour.GREEN,
            MitigationStatus.TO_DO: Colour.GREY,
            MitigationStatus.UNDER_WAY: Colour.GREEN,
            MitigationStatus.DONE: Colour.BLUE,
            MitigationStatus.STOPPED: Colour.GREY,
        }[self]


class Effect(models.TextChoices):
    LIKELIHOOD = "likelihood", "Likelihood"
    IMPACT = "impact", "Impact"
    BOTH = "both", "Both"


_S = MitigationStatus
# What a mitigation starts as, and where it can go from there.
FIRST_STATUS = {MitigationKind.CONTROL: _S.IN_PLACE, MitigationKind.ACTION: _S.TO_DO}
STATUSES = {
    MitigationKind.CONTROL: (_S.IN_PLACE, _S.STOPPED),
    MitigationKind.ACTION: (_S.TO_DO, _S.UNDER_WAY, _S.DONE, _S.STOPPED),
}
TRANSITIONS = {
    MitigationKind.CONTROL: {_S.IN_PLACE: {_S.STOPPED}, _S.STOPPED: {_S.IN_PLACE}},
    MitigationKind.ACTION: {
        _S.TO_DO: {_S.UNDER_WAY, _S.DONE, _S.STOPPED},
        _S.UNDER_WAY: {_S.TO_DO, _S.DONE, _S.STOPPED},
        _S.DONE: {_S.UNDER_WAY},
        _S.STOPPED: {_S.TO_DO, _S.UNDER_WAY},
    },
}
STILL_TO_DO = (_S.TO_DO, _S.UNDER_WAY)


class MitigationQuerySet(models.QuerySet["Mitigation"]):
    def as_at(self, on: dt.date) -> Self:
        """Those added by a day, with `status_on`, `due_on` and `owner_on` (a name) as they were then."""
        latest = MitigationUpdate.objects.filter(mitigation=OuterRef("pk"), dated_on__lte=on)
        latest = latest.order_by("-dated_on", "-pk")
        return self.filter(added_on__lte=on).annotate(
            status_on=Subquery(latest.values("status")[:1]),
            due_on=Subquery(latest.values("due_date")[:1]),
            owner_on=Subquery(latest.values("owner__full_name")[:1]),
        )

    def standing(self) -> Self:
        """Not stopped. Needs `as_at`."""
        return self.exclude(status_on=MitigationStatus.STOPPED)

    def overdue(self, on: dt.date) -> Self:
        """Actions past their due date and still to be done. Needs `as_at(on)`."""
        return self.filter(kind=MitigationKind.ACTION, status_on__in=STILL_TO_DO, due_on__lt=on)


class Mitigation(Authored):
    """One control or action of a risk. `status`, `due_date` and `owner` are the current state, kept by the services
    together with the `MitigationUpdate`s that say how it came about. Stopped, never deleted."""

    reference = models.CharField(max_length=30, unique=True, validators=[reference_validator])
    risk = models.ForeignKey("Risk", on_delete=models.PROTECT, related_name="mitigations")
    kind = models.CharField(max_length=10, choices=MitigationKind)
    description = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="risk_mitigations")
    due_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=MitigationStatus)
    effect = models.CharField(max_length=10, choices=Effect, blank=True)
    added_on = models.DateField()
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MitigationQuerySet.as_manager()

    class Meta:
        ordering = ["risk__reference", "kind", "reference"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=MitigationKind.CONTROL, status__in=STATUSES[MitigationKind.CONTROL])
                | Q(kind=MitigationKind.ACTION, status__in=STATUSES[MitigationKind.ACTION]),
                name="risks_mitigation_status_of_its_kind",
                violation_error_message="A control is In place or Stopped. An action is To do, Under way, Done or "
                "Stopped.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.description}"


class MitigationUpdate(AppendOnly):
    """What was so of a mitigation from a day on: its status, due date and owner, and what was said. The first comes
    with the mitigation; of one day the row added last counts."""

    mitigation = models.ForeignKey(Mitigation, on_delete=models.PROTECT, related_name="updates")
    dated_on = models.DateField("date")
    status = models.CharField(max_length=10, choices=MitigationStatus)
    due_date = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-dated_on", "-pk"]
        indexes = [models.Index(fields=["mitigation", "-dated_on", "-id"], name="risks_mitigation_latest")]

    def __str__(self) -> str:
        return f"{self.mitigation.reference} on {self.dated_on}: {self.get_status_display()}"
