"""The abbreviations of the field and what they stand for (`glossary.csv`): the glossary page and the `abbr` tag."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.text import slugify


@dataclass(frozen=True)
class Term:
    """One abbreviation. `anchor` is its address on the glossary page."""

    abbreviation: str
    words: str

    @property
    def anchor(self) -> str:
        return f"term-{slugify(self.abbreviation.replace('&', ' and ').replace('/', ' '))}"

    @property
    def initial(self) -> str:
        return self.abbreviation[0].upper()


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its abbreviation, in the order of the alphabet whatever the case."""
    with (Path(__file__).parent / "glossary.csv").open(encoding="utf-8", newline="") as file:
        read = [Term(row["Abbreviation"], row["Words"]) for row in csv.DictReader(file)]
    return {term.abbreviation: term for term in sorted(read, key=lambda term: term.abbreviation.lower())}
