"""What every service does with what it is given: text as it is kept, batches, faults of rows, and who came first."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

# How many rows one statement names: far below any database's limit on parameters.
CHUNK = 500
# Rows an INSERT carries at most; Django splits further where the database's limit on parameters asks for it.
BATCH = 1000
T = TypeVar("T")


class ChangedSince(ValidationError):  # noqa: N818 its name is an interface, and says what happened
    """Somebody changed a thing after this person opened it. `thing` and its `version` are as they are now."""

    def __init__(self, thing: Any) -> None:
        noun = thing._meta.verbose_name
        super().__init__(
            f"Somebody else has changed this {noun} since you opened it. Look at what they changed, then save again.",
            code="changed",
        )
        self.thing = thing
        self.version = thing.version


def text(typed: str) -> str:
    """What was typed, without the browser's line ends and the white space around it: the same text compares equal
    whichever door it came through."""
    return typed.replace("\r\n", "\n").strip()


def save_once(row: models.Model, *, field: str) -> None:
    """Saves a new row that was checked; where another request has taken its `field` since, says so like the check."""
    try:
        # On a savepoint: whoever catches the refusal may go on.
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValidationError({field: row.unique_error_message(type(row), (field,))}) from error


def refuse_rows(faults: Iterable[dict[str, str]]) -> None:
    """Raises one ValidationError for all faults ({field: what to do}) of a batch's rows, given in order; each error's
    `params` hold `row` (its position, from 0) and `field`."""
    errors = [
        ValidationError(message, code="row", params={"row": position, "field": field})
        for position, of_row in enumerate(faults)
        for field, message in of_row.items()
    ]
    if errors:
        raise ValidationError(errors)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def all_of(*steps: Callable[[], Any]) -> None:
    """Does each step, and only then raises what any of them refused: people mend a row once."""
    faults: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        try:
            step()
        except ValidationError as error:
            for name, messages in (
                error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            ).items():
                faults[name] += [message for message in messages if message not in faults[name]]
    if faults:
        raise ValidationError(faults)
