"""Shared bases: who and when on every row, and history rows that are only ever added."""

from typing import Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import FilteredRelation, Q, Subquery

from core.ratings import Colour


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete a history row. Add a row that supersedes it instead."""


class Authored(models.Model):
    """A row that knows when the portal learned it, and from whom.

    `created_at` is given by the door (a view, task or command), never read from a clock here, so that a loaded
    history and a live one are made alike. `created_by` is empty only on rows that the portal itself made.
    """

    created_at = models.DateTimeField("created at", editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="created by",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        abstract = True


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Refuses every bulk way of changing or deleting rows."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are history and are never changed")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are history and are never changed")

    def delete(self) -> NoReturn:
        raise AppendOnlyError(f"{self.model.__name__} rows are history and are never deleted")


class AppendOnly(Authored):
    """A history row: added once, never changed, never deleted."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} rows are history and are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError(f"{type(self).__name__} rows are history and are never deleted")


class SupersedableQuerySet(AppendOnlyQuerySet):
    """History rows that a later row can correct."""

    def effective(self) -> Self:
        """Rows that no other row supersedes."""
        corrections = self.model._default_manager.filter(supersedes=models.OuterRef("pk"))
        return self.filter(~models.Exists(corrections))


def one_of(relation: str, rows: models.QuerySet[Any]) -> FilteredRelation:
    """The first of `rows` (a subquery's rows, of this relation) as a relation of its own: at most one row.

    Annotations, filters and orderings that read it repeat a column and not a subquery.
    """
    return FilteredRelation(relation, condition=Q(**{f"{relation}__pk": Subquery(rows.values("pk")[:1])}))


def set_together(at: str, by: str, *, app: str, model: str) -> models.CheckConstraint:
    """Constraint: the pair `at` and `by` is either both set or both empty."""
    both = Q(**{f"{at}__isnull": False, f"{by}__isnull": False})
    neither = Q(**{f"{at}__isnull": True, f"{by}__isnull": True})
    return models.CheckConstraint(
        condition=both | neither,
        name=f"{app}_{model}_{at}_with_{by}",
        violation_error_message=f"{at} and {by} are set together.",
    )


class SheetUploadQuerySet(models.QuerySet[Any]):
    def matched(self, kind: str) -> Self:
        """Sheets of a kind whose columns somebody matched, the latest first."""
        return self.filter(kind=kind).exclude(mapping={}).order_by("-pk")


class SheetUpload(Authored):
    """One spreadsheet handed in through the imports page.

    Made when the file is uploaded; checked (nothing written), then imported when somebody confirms the preview. Until
    then its columns may be matched to the kind's (`mapping`: a `core.sheets.ColumnMapping`; empty where its headings
    speak for themselves), and it is checked anew. The file is kept so that what was imported can be looked up; it is
    never served. Never imported twice: `state` moves by conditional updates only (`core.services`).
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Being checked"
        FAULTY = "faulty", "Has faults"
        READY = "ready", "Ready to import"
        NOTHING_NEW = "nothing_new", "Nothing new"
        IMPORTING = "importing", "Being imported"
        IMPORTED = "imported", "Imported"
        FAILED = "failed", "Failed"

        @property
        def colour(self) -> Colour:
            return {
                "faulty": Colour.RED,
                "failed": Colour.RED,
                "ready": Colour.AMBER,
                "imported": Colour.GREEN,
                "nothing_new": Colour.GREY,
            }.get(self.value, Colour.BLUE)

    TRANSITIONS = {
        State.CHECKING: {State.FAULTY, State.READY, State.NOTHING_NEW, State.FAILED},
        # Checked anew once its columns are matched otherwise.
        State.FAULTY: {State.CHECKING},
        State.NOTHING_NEW: {State.CHECKING},
        State.READY: {State.IMPORTING, State.CHECKING},
        # Back to the preview where the portal's data changed after it was shown.
        State.IMPORTING: {State.IMPORTED, State.FAULTY, State.READY, State.NOTHING_NEW, State.FAILED},
        State.FAILED: {State.CHECKING},
        State.IMPORTED: set(),
    }
    UNDER_WAY = (State.CHECKING, State.IMPORTING)
    MATCHABLE = (State.FAULTY, State.READY, State.NOTHING_NEW)

    kind = models.CharField(max_length=40)
    file = models.FileField(upload_to="sheets/%Y/%m/")
    original_name = models.CharField(max_length=255)
    state = models.CharField(max_length=20, choices=State, default=State.CHECKING)
    moved_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    report = models.JSONField(default=dict, blank=True)
    mapping = models.JSONField(default=dict, blank=True)

    objects = SheetUploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [set_together("confirmed_at", "confirmed_by", app="core", model="upload")]

    def __str__(self) -> str:
        return f"{self.original_name} ({self.get_state_display()})"

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def can_be_matched(self) -> bool:
        """Whether people may say which of its headings is which column: what was found there must be known."""
        return self.state in self.MATCHABLE and bool(self.report.get("headings"))

    @property
    def standing(self) -> str:
        """Names the state that a page shows: what is sent from there is about this and no later one."""
        return self.moved_at.isoformat()


class SheetLine(models.Model):
    """One line of an upload's preview or refusal: a faulty cell, a changed one (was → now), or a new row."""

    class What(models.TextChoices):
        FAULT = "fault", "Fault"
        CHANGE = "change", "Change"
        NEW = "new", "New row"

    upload = models.ForeignKey(SheetUpload, on_delete=models.CASCADE, related_name="lines")
    what = models.CharField(max_length=10, choices=What)
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=100, blank=True)
    key = models.CharField(max_length=300, blank=True)
    was = models.TextField(blank=True)
    now = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["upload", "what", "id"], name="core_sheetline_preview")]

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.now}"
