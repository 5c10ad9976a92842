"""What a thing was on a past day, told from the rows that say what changed since."""

import datetime as dt
from collections.abc import Iterable
from typing import Any


def as_it_was(now: dict[str, Any], changes: Iterable[Any], on: dt.date) -> dict[str, Any]:
    """`now` (what each field is, by name) as it was on a day: a field that has changed since is what the oldest later
    change says it replaced, in the words of that row. `changes` have `changed_on`, `field` and `was`."""
    told = dict(now)
    later = sorted((row for row in changes if row.changed_on > on), key=lambda row: (row.changed_on, row.pk))
    for row in reversed(later):
        if row.field in told:
            told[row.field] = row.was
    return told
