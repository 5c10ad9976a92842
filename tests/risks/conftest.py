"""What the register's tests share: a risk, and what a refusal said."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from risks.models import Risk
from tests.factories import RiskFactory


@pytest.fixture
def risk(db: None) -> Risk:
    """Open since 1 May 2025, at its inherent 4 × 4, without a review, a target or a mitigation."""
    return RiskFactory(reference="R01")


def faults(call: Callable[[], Any]) -> dict[str, str]:
    """Makes a call that is to be refused; gives what it said by field, `__all__` for what is about no field."""
    with pytest.raises(ValidationError) as refused:
        call()
    return {field: " ".join(ValidationError(said).messages) for field, said in by_field(refused.value).items()}


def by_field(error: ValidationError) -> dict[str, Any]:
    return error.update_error_dict({})
