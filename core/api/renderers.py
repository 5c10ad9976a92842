"""JSON with numbers as numbers, and CSV for people with spreadsheets."""

import csv
import io
from decimal import Decimal
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class NumberEncoder(JSONEncoder):
    """Decimals as JSON numbers: figures are read by people with spreadsheets and data frames."""

    def default(self, obj: Any) -> Any:
        return float(obj) if isinstance(obj, Decimal) else super().default(obj)


class PortalJSONRenderer(JSONRenderer):
    encoder_class = NumberEncoder


class CSVRenderer(BaseRenderer):
    """`?format=csv` of one object: a heading row and its row. Lists are streamed by the viewset."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(data)
        writer.writerow([csv_cell(value) for value in data.values()])
        return out.getvalue()


def csv_cell(value: Any) -> Any:
    """A leading = + - @ would be run as a formula (OWASP, CSV injection); an apostrophe keeps it text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
