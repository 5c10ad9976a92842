"""Whether figures are behind what they are made of."""

import datetime as dt
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models import Subquery
from django.utils import timezone

# A save takes this long at most: one that began before the figures were read may have been committed after.
SAVE_TAKES = dt.timedelta(seconds=1)


def added_since(tables: tuple[type[models.Model], ...], at: dt.datetime) -> bool:
    """Whether any of these tables (of `Authored` rows) gained one after a moment: one query, however large they are.

    Rows are only ever added, so the newest row of each table tells.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_newest_rows(tables, connection.vendor))
        newest = [created_at for created_at in cursor.fetchone() or () if created_at]
    # SQLite keeps moments without their zone.
    zoned = (moment if timezone.is_aware(moment) else moment.replace(tzinfo=connection.timezone) for moment in newest)
    return any(moment > at - SAVE_TAKES for moment in zoned)


@cache
def _newest_rows(tables: tuple[type[models.Model], ...], vendor: str) -> tuple[str, tuple[Any, ...]]:
    """The statement for the newest row of each table, composed once in a process: every dashboard asks, and the ORM
    takes longer to compose it than the database to answer it. Of a first table without rows there is no answer, and
    the others hang on it."""
    newest = {
        f"newest_{model._meta.model_name}": Subquery(model._default_manager.order_by("-pk").values("created_at")[:1])
        for model in tables
    }
    first = tables[0]._default_manager.order_by("pk")
    return first.annotate(**newest).values_list(*newest)[:1].query.sql_with_params()
