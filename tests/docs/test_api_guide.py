"""The requests of docs/api.md work as written."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from accounts.models import User
from tests.factories import MilestoneUpdateFactory, ReportingMonthFactory, RiskReviewFactory

GUIDE = Path(settings.BASE_DIR, "docs", "api.md").read_text()
REQUESTS = [
    request for block in re.findall(r"```http\n(.*?)```", GUIDE, re.DOTALL) for request in block.strip().splitlines()
]


def test_the_guide_has_requests() -> None:
    assert len(REQUESTS) > 10


@pytest.mark.django_db
@pytest.mark.parametrize("request_line", REQUESTS)
def test_request(request_line: str, api: Callable[[User], APIClient], analyst: User) -> None:
    MilestoneUpdateFactory(milestone__reference="PA1-01")
    RiskReviewFactory(risk__reference="R01")
    ReportingMonthFactory(month="2026-01")
    method, address = request_line.split()

    response = getattr(api(analyst), method.lower())(address)

    assert response.status_code == 200, response.content
