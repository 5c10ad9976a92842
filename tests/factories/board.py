import datetime as dt

from factory.django import DjangoModelFactory

from board.models import ReportingMonth
from tests.factories.accounts import LEARNED


class ReportingMonthFactory(DjangoModelFactory):
    class Meta:
        model = ReportingMonth
        django_get_or_create = ("month",)

    month = "2026-01"
    cut_off = dt.date(2026, 2, 6)
    created_at = LEARNED
