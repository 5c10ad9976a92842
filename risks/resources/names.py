"""How sheets name a risk, and the several areas and milestones that it bears on."""

import re
from collections.abc import Iterator
from typing import Any

from core.sheets.values import clean_text
from core.sheets.widgets import CellWidget, LookupWidget
from risks.models import Risk

REFERENCE_ALSO = ("Ref", "Risk ref", "Risk no.", "Risk id")


class RiskWidget(LookupWidget):
    """A risk by its reference. Unknown is an error: a review can't say what a risk is."""

    def __init__(self) -> None:
        super().__init__(_risks, noun="risk", key=lambda cell: clean_text(cell).upper())

    def words(self, value: Any) -> str:
        return value.reference if value else ""


def _risks() -> Iterator[tuple[str, Risk]]:
    return ((risk.reference, risk) for risk in Risk.objects.all())


class SeveralWidget(CellWidget):
    """Several things that another widget finds, separated by commas, semicolons or line ends; `code` is the attribute
    that names one. In the order of their codes, each once."""

    blank: Any = ()
    can_number = False

    def __init__(self, one: LookupWidget, *, code: str) -> None:
        super().__init__()
        self.one, self.code = one, code

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[Any, ...]:
        parts = [part.strip() for part in re.split(r"[,;\n]", clean_text(value)) if part.strip()]
        return self.ordered([self._found(part) for part in parts])

    def _found(self, part: str) -> Any:
        try:
            return self.one.clean(part)
        except ValueError as error:
            raise ValueError(f"names {part}, which {error}") from error

    def ordered(self, things: Any) -> tuple[Any, ...]:
        return tuple(sorted(set(things), key=lambda thing: getattr(thing, self.code)))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(getattr(thing, self.code) for thing in value or ())
