"""The matrices that risks are scored on: added, never changed, and one chosen at a time."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify

from accounts.models import User
from core.writes import text
from risks.models import MatrixChoice, RiskMatrix
from risks.services.current import refuse


@transaction.atomic
def add_matrix(
    *,
    name: str,
    size: int,
    scale: dict[str, list[dict[str, str]]],
    bands: list[dict[str, Any]],
    by: User | None,
    at: dt.datetime,
) -> RiskMatrix:
    """Adds a matrix. Its code and its bands' are made of their names. It is not in use until it is chosen."""
    code = slugify(name)[:40]
    refuse({} if code else {"name": "Give the matrix a name, with letters or digits."})
    _queue()
    if RiskMatrix.objects.filter(Q(code=code) | Q(name__iexact=text(name))).exists():
        raise ValidationError({"name": "There is already a matrix with this name. Choose another."})
    named = [{**band, "code": slugify(band["name"])} for band in bands]
    matrix = RiskMatrix(code=code, name=text(name), size=size, scale=scale, bands=named, created_by=by, created_at=at)
    matrix.full_clean()
    matrix.save()
    return matrix


@transaction.atomic
def choose_matrix(
    *, matrix: RiskMatrix, used_from: dt.date, reason: str, by: User | None, at: dt.datetime
) -> MatrixChoice:
    """From a day on, risks are scored on this matrix. Scores given before stay as they are, on the matrix they were
    given on."""
    refuse(
        {} if text(reason) else {"reason": "Say why the matrix changes, and who agreed it."},
        {} if used_from <= timezone.localdate(at) else {"used_from": "The date must be today or earlier."},
    )
    _queue()
    latest = MatrixChoice.objects.first()
    if latest and latest.matrix_id == matrix.pk:
        raise ValidationError(f"{matrix} is in use already.")
    if latest and used_from < latest.used_from:
        since = f"The matrix was last changed on {date_format(latest.used_from)}."
        raise ValidationError({"used_from": f"{since} Choose that day or a later one."})
    choice = MatrixChoice(matrix=matrix, used_from=used_from, reason=text(reason), created_by=by, created_at=at)
    choice.full_clean()
    choice.save()
    return choice


def _queue() -> None:
    """Who adds a matrix or chooses one queues at the matrices, a handful of rows: names and dates are compared with
    what stands."""
    list(RiskMatrix.objects.select_for_update().order_by("pk"))
