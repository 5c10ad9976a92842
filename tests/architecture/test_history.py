"""History is only ever added to."""

import pytest
from django.apps import apps

from core.models import AppendOnly, AppendOnlyError, AppendOnlyQuerySet

HISTORY = [model for model in apps.get_models() if issubclass(model, AppendOnly)]
# What design section 4 calls history. Taking one of these off the base class must not go unnoticed.
EXPECTED = {
    *("AccountChange", "DueDateChange", "Evidence", "MilestoneChange", "MilestoneUpdate", "MonthChange"),
    *("Escalation", "MatrixChoice", "MitigationUpdate", "RiskChange", "RiskMatrix", "RiskReview", "RiskTarget"),
    *("StateChange", "TargetPoint"),
}


def test_history_models_are_append_only() -> None:
    assert EXPECTED - {model.__name__ for model in HISTORY} == set()


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
def test_history_refuses_change_and_deletion(model: type[AppendOnly]) -> None:
    row = model()
    row._state.adding = False
    with pytest.raises(AppendOnlyError):
        row.save()
    with pytest.raises(AppendOnlyError):
        row.delete()
    rows = model.objects.all()
    assert isinstance(rows, AppendOnlyQuerySet)
    with pytest.raises(AppendOnlyError):
        rows.update(pk=1)
    with pytest.raises(AppendOnlyError):
        rows.bulk_update([row], ["pk"])
    with pytest.raises(AppendOnlyError):
        rows.delete()
