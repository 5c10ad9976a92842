"""A kind of sheet that keeps its rows in memory, to see the engine work without any app's rules."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from core.ratings import Colour
from core.sheets import Column, Difference, Row, SheetResource
from core.sheets.widgets import CellWidget, ChoiceWidget, CodeWidget, DateWidget, LookupWidget, NumberWidget


class Rating(models.TextChoices):
    COMPLETED = "completed", "Completed"
    ON_TRACK = "on_track", "On track"
    OFF_TRACK = "off_track", "Off track"
    DELAYED = "delayed", "Delayed"
    NOT_STARTED = "not_started", "Not started"

    @property
    def colour(self) -> Colour:
        colours = (Colour.BLUE, Colour.GREEN, Colour.AMBER, Colour.RED, Colour.GREY)
        return dict(zip(Rating, colours, strict=True))[self]


def _people() -> list[tuple[str, str]]:
    return [("one@test.example", "1"), ("Officer One", "1"), ("Officer Two", "2"), ("officer  two", "3")]


class Toy(SheetResource):
    kind = "toys"
    title = "Toys"
    key = ("code",)
    kept: ClassVar[dict[str, Any]] = {}

    code = Column("Code", CodeWidget(longest=10), attribute="code")
    name = Column("Name", CellWidget(longest=40), attribute="name", also=("Title",))
    due = Column("Due date", DateWidget(), attribute="due", also=("Deadline", "Target date"))
    rating = Column("Status", ChoiceWidget(Rating), attribute="rating", also=("RAG",), optional=True)
    share = Column("Share", NumberWidget(), attribute="share", optional=True)
    owner = Column(
        "Owner", LookupWidget(_people, noun="person", advice="Write the email"), attribute="owner", optional=True
    )

    def existing(self, keys: Sequence[tuple[Any, ...]]) -> Mapping[tuple[Any, ...], Any]:
        return {key: self.kept[key[0]] for key in keys if key[0] in self.kept}

    def current(self, thing: Any, column: Column) -> Any:
        return thing.get(column.attribute, column.widget.blank)

    def add(self, row: Row) -> None:
        if row.values["name"] == "Refused":
            raise ValidationError({"due": "Toys like this are never due."})
        self.kept[row.values["code"]] = row.values

    def change(self, thing: Any, row: Row, differences: Sequence[Difference]) -> None:
        for each in differences:
            thing[each.name] = each.now
