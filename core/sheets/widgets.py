"""How one column's cells are read and written: django-import-export widgets that say what is wrong in a sentence.

`clean(value)` takes a cell that is not blank and returns what the service wants, or raises ValueError with the end of
a sentence that begins with the cell (`is not a date`). `render(value)` gives what the exported cell holds, `words`
what the preview shows.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.formats import date_format
from import_export.widgets import Widget

from core.sheets.values import (
    LONGEST_CELL,
    clean_text,
    heading_key,
    parse_date,
    parse_number,
    parse_whole_number,
    person_key,
)


class CellWidget(Widget):
    """Text. `longest` is the field's max_length."""

    blank: Any = ""
    guidance = ""
    can_number = True
    """Whether a number with something before it (`R01`) can be what a cell says."""

    def __init__(self, *, longest: int = LONGEST_CELL - 1) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = clean_text(value)
        if len(text) >= LONGEST_CELL:
            raise ValueError("fills its cell, so its end may be missing")
        if len(text) > self.longest:
            raise ValueError(f"is longer than {self.longest:,} characters")
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        # A browser's line ends, which would be read back as \n.
        return value.replace("\r\n", "\n") if value and "\r" in value else value

    def words(self, value: Any) -> str:
        return clean_text(self.render(value))


class CodeWidget(CellWidget):
    """A reference that people type in any case: `pa1-03` is PA1-03."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return super().clean(value).upper()


class PlainWidget(CellWidget):
    """What is written as it is: dates and numbers."""

    blank = None
    can_number = False

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return value


class DateWidget(PlainWidget):
    guidance = "A date, like 31/01/2026 or 31 Jan 2026. A month alone is its last day"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return parse_date(value)

    def words(self, value: Any) -> str:
        return date_format(value, "j F Y") if value else ""


class NumberWidget(PlainWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return parse_number(value)


class WholeNumberWidget(PlainWidget):
    """A whole number; `least` and `most` are the field's range."""

    guidance = "A whole number"

    def __init__(self, *, least: int = 0, most: int = 32_767) -> None:
        super().__init__()
        self.least, self.most = least, most

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        number = parse_whole_number(value)
        if number is not None and not self.least <= number <= self.most:
            raise ValueError(f"is not between {self.least:,} and {self.most:,}")
        return number


class ChoiceWidget(CellWidget):
    """One of a list of choices, by its word, its initial or its colour.

    An initial that several choices share is refused by name: `O` is On track or Off track, and nobody can tell. Of
    the colours' initials G is green, because that is what RAG means; grey is written out. Several words in a cell
    (`Green - On track`) must agree.
    """

    can_number = False

    def __init__(self, choices: Any) -> None:
        super().__init__()
        self.choices = choices
        self.labels = {choice.value: str(choice.label) for choice in choices}
        self.cells: dict[Hashable, str] = {}
        self.words_of: dict[str, set[str]] = defaultdict(set)
        self.initials_of: dict[str, set[str]] = defaultdict(set)
        for choice in choices:
            self._learn(choice)

    @property
    def guidance(self) -> str:  # type: ignore[override]
        or_colour = ", or its colour" if any(hasattr(choice, "colour") for choice in self.choices) else ""
        return f"One of: {', '.join(str(choice.label) for choice in self.choices)}{or_colour}"

    def _learn(self, choice: Any) -> None:
        words = re.findall(r"\w+", choice.label)
        for word in (choice.value, choice.label):
            self.words_of[heading_key(word)].add(choice.value)
        self.initials_of[heading_key(words[0][0])].add(choice.value)
        if len(words) > 1:
            self.initials_of[heading_key("".join(word[0] for word in words))].add(choice.value)
        if colour := getattr(choice, "colour", None):
            self.words_of[colour.value].add(choice.value)
            if colour.value == "grey":
                self.words_of["gray"].add(choice.value)
            else:
                self.initials_of[colour.value[0]].add(choice.value)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        # The same few cells come again and again.
        cell = value if isinstance(value, str) else clean_text(value)
        if cell not in self.cells:
            self.cells[cell] = self._read(cell)
        return self.cells[cell]

    def _read(self, cell: str) -> str:
        found = self._matches(cell)
        if not found:
            parts = [part for part in re.split(r"[\s()/|:;,–—-]{2,}|[()/|:;,–—-]", cell) if heading_key(part)]
            each = [self._matches(part) for part in parts]
            found = set.intersection(*each) if len(each) > 1 and all(each) else set()
        if len(found) == 1:
            return found.pop()
        labels = [choice.label for choice in self.choices if choice.value in found]
        if labels:
            raise ValueError(f"could be {' or '.join(labels)}. Write the whole word")
        raise ValueError(f"is not one of: {', '.join(choice.label for choice in self.choices)}")

    def _matches(self, text: str) -> set[str]:
        key = heading_key(text)
        return set(self.words_of.get(key) or self.initials_of.get(key) or ())

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, "")


class ChoicesWidget(ChoiceWidget):
    """Several choices of a list, separated by commas; in the list's own order, each once."""

    blank: Any = ()

    @property
    def guidance(self) -> str:  # type: ignore[override]
        return f"Any of: {', '.join(str(choice.label) for choice in self.choices)}"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        parts = [part for part in re.split(r"[,;\n]", clean_text(value)) if part.strip()]
        chosen = {ChoiceWidget.clean(self, part) for part in parts}
        return [choice.value for choice in self.choices if choice.value in chosen]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(str(choice.label) for choice in self.choices if choice.value in (value or ()))


class LinksWidget(CellWidget):
    """Web addresses, one on each line of the cell (or separated by spaces)."""

    blank: Any = ()
    can_number = False

    def __init__(self, *, longest: int = 1000) -> None:
        super().__init__(longest=longest)
        self.check = URLValidator(schemes=["http", "https"])

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        links = clean_text(value).split()
        for link in links:
            try:
                self.check(link)
            except ValidationError:
                raise ValueError("is not a link. Paste the address itself, which starts with https://") from None
            if len(link) > self.longest:
                raise ValueError(f"is longer than {self.longest:,} characters")
        return list(dict.fromkeys(links))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "\n".join(value or ())


class LookupWidget(PlainWidget):
    """Something the portal knows already, by what people call it: read once, in one query, at the first cell.

    `load` yields (name, object) pairs, `noun` what to call one in a message, `key` what two writings of one name
    have in common. A name of several objects is refused: an unlike person would get the work.
    """

    can_number = True

    def __init__(
        self,
        load: Callable[[], Iterable[tuple[str, Any]]],
        *,
        noun: str,
        advice: str = "",
        key: Callable[[Any], str] = person_key,
    ) -> None:
        super().__init__()
        self.load, self.noun, self.advice, self.key = load, noun, advice, key
        self.known: dict[str, Any] | None = None
        self.shared: set[str] = set()
        self.cells: dict[Hashable, Any] = {}

    def __deepcopy__(self, memo: Any) -> "LookupWidget":
        """Each resource reads anew: what one knows may be old by the next."""
        fresh = self.__class__.__new__(self.__class__)
        fresh.__dict__ = {**self.__dict__, "known": None, "shared": set(), "cells": {}}
        return fresh

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        cell = value if isinstance(value, str) else clean_text(value)
        if cell not in self.cells:
            self.cells[cell] = self.find(cell)
        return self.cells[cell]

    def find(self, cell: str) -> Any:
        name = self.key(cell)
        if (found := self.names.get(name)) is not None:
            return found
        if name in self.shared:
            raise ValueError(f"is the name of more than one {self.noun}. {self.advice}".rstrip(" ."))
        return self.missing(cell)

    def missing(self, cell: str) -> Any:
        raise ValueError(f"is not a {self.noun} in the portal")

    @property
    def names(self) -> dict[str, Any]:
        if self.known is None:
            self.known = {}
            for name, thing in self.load():
                key = self.key(name)
                if self.known.setdefault(key, thing) != thing:
                    self.shared.add(key)
            for key in self.shared:
                del self.known[key]
        return self.known

    def words(self, value: Any) -> str:
        return "" if value is None else str(value)
