"""Forms of the plan: labels, hints and parsing. What is allowed is decided by the services."""

from milestones.forms.plan import (
    DependencyForm,
    DueDateForm,
    EvidenceForm,
    MilestoneAddForm,
    MilestoneEditForm,
    ReasonForm,
    ReassignForm,
    WithdrawForm,
)
from milestones.forms.updates import (
    ConfirmForm,
    CorrectionForm,
    UpdateForm,
    carried_over,
    content_of,
    kept_in_draft,
)

__all__ = [
    "ConfirmForm",
    "CorrectionForm",
    "DependencyForm",
    "DueDateForm",
    "EvidenceForm",
    "MilestoneAddForm",
    "MilestoneEditForm",
    "ReasonForm",
    "ReassignForm",
    "UpdateForm",
    "WithdrawForm",
    "carried_over",
    "content_of",
    "kept_in_draft",
]
