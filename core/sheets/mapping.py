"""How one file's columns become a kind's, where its people keep their own headings or lack a column.

A mapping is said by the office on a page, or by options of the command; the engine obeys it before it looks at what it
recognises by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.sheets.columns import Column
from core.sheets.values import clean_text, heading_key

# What a heading is shown and kept as: longer text in that place is a paragraph, and its beginning tells it apart.
LONGEST_HEADING = 200


@dataclass(frozen=True)
class ColumnMapping:
    """`headings`: which column each of a sheet's headings is, by the column's name; empty where it is left out.
    `same`: what stands in every row, for columns that the sheet lacks. `numbered`: the prefix of columns that number
    the rows (`R` gives R01, R02…). Headings that a mapping does not mention are recognised as ever."""

    headings: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    numbered: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "ColumnMapping":
        """What `to_json` gave; nothing said for an empty dictionary."""
        data = data or {}
        return cls(*(dict(data.get(part, {})) for part in ("headings", "same", "numbered")))

    def to_json(self) -> dict[str, dict[str, str]]:
        return {"headings": dict(self.headings), "same": dict(self.same), "numbered": dict(self.numbered)}

    def __bool__(self) -> bool:
        return bool(self.headings or self.same or self.numbered)

    @property
    def matched(self) -> dict[str, str]:
        """Without the headings that are left out."""
        return {heading: name for heading, name in self.headings.items() if name}

    @property
    def given(self) -> set[str]:
        """The columns that this says something about."""
        return {*self.matched.values(), *self.same, *self.numbered}

    def clashes(self, columns: Mapping[str, Column]) -> dict[str, str]:
        """What is wrong with it by itself, whatever the file: a sentence for each column that is."""
        wrong = {}
        headings: dict[str, list[str]] = defaultdict(list)
        for heading, name in self.matched.items():
            headings[name].append(f"“{heading}”")
        for name in sorted(self.given):
            if name not in columns:
                wrong[name] = f"There is no column “{name}” any more. Match the columns again."
            elif sentence := self._clash(name, columns[name], headings[name]):
                wrong[name] = sentence
        return wrong

    def _clash(self, name: str, column: Column, headings: Sequence[str]) -> str:
        if len(headings) > 1:
            return f"{' and '.join(headings)} are both matched to {column.heading}. Match only one of them."
        if headings and (name in self.same or name in self.numbered):
            return f"{column.heading} is matched to {headings[0]} and filled in as well. Choose one of the two."
        if name in self.same and name in self.numbered:
            return f"{column.heading} is the same for every row and numbered as well. Choose one of the two."
        if name in self.numbered and not column.can_number:
            return f"{column.heading} cannot be numbered. Match a heading, or enter what it is in every row."
        return ""

    def fits(self, headings: Iterable[str]) -> bool:
        """Whether a sheet with these headings has all that this matches."""
        there = {label_key(heading) for heading in headings}
        return bool(self.matched) and all(label_key(heading) in there for heading in self.matched)


AS_HEADED = ColumnMapping()
"""Nothing said: a file's headings speak for themselves."""


def label_of(cell: Any) -> str:
    """A heading as people are shown it and as a mapping keeps it: on one line."""
    return " ".join(clean_text(cell).split())[:LONGEST_HEADING].rstrip()


def label_key(label: str) -> str:
    """What two writings of one heading have in common. `%` and `£` have no letters and stand for themselves."""
    label = label_of(label)
    return heading_key(label) or label
