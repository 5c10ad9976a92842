"""One column of a sheet: its heading, what else people call it, and how its cells are read and written."""

from collections.abc import Sequence
from typing import Any

from import_export.fields import Field

from core.sheets.values import heading_key
from core.sheets.widgets import CellWidget


class Column(Field):
    """Declares one heading of a kind of sheet; a resource's attribute, named as the service's argument.

    `heading` is what exports write, `also` what else is understood. A column that is not `optional` must be in the
    sheet, and each of its cells filled. `attribute` is where an object of the portal holds the value; `path` is the
    look-up that exports read (`area__code`), where it differs. A blank cell empties an optional field, or leaves it
    as it is where `blank_keeps`.
    """

    def __init__(
        self,
        heading: str,
        widget: CellWidget | None = None,
        *,
        attribute: str = "",
        path: str = "",
        also: Sequence[str] = (),
        optional: bool = False,
        blank_keeps: bool = False,
        hint: str = "",
    ) -> None:
        super().__init__(attribute=attribute or None, column_name=heading, widget=widget or CellWidget())
        self.heading = heading
        self.path = path or attribute
        self.also = tuple(also)
        self.optional = optional
        self.blank_keeps = blank_keeps
        self.hint = hint

    @property
    def keys(self) -> list[str]:
        """What a sheet's heading is compared with, the column's own first."""
        return [heading_key(name) for name in (self.heading, *self.also)]

    @property
    def guidance(self) -> str:
        """What to write in a cell, for the format page and the blank sheet."""
        return ". ".join(filter(None, (self.widget.guidance, self.hint)))

    @property
    def can_number(self) -> bool:
        """Whether the rows' numbers can stand in it, where a sheet lacks it: a reference can be made, a date can't."""
        return self.widget.can_number

    def words(self, value: Any) -> str:
        return self.widget.words(value)
