"""Forms of the register: labels, hints and parsing. What is allowed is decided by the services."""

from risks.forms.matrices import MatrixChoiceForm, MatrixForm
from risks.forms.mitigations import MitigationAddForm, MitigationUpdateForm
from risks.forms.register import CloseForm, LevelForm, ReopenForm, RiskAddForm, RiskEditForm
from risks.forms.reviews import ReviewCorrectionForm, ReviewForm, TargetForm

__all__ = [
    "CloseForm",
    "LevelForm",
    "MatrixChoiceForm",
    "MatrixForm",
    "MitigationAddForm",
    "MitigationUpdateForm",
    "ReopenForm",
    "ReviewCorrectionForm",
    "ReviewForm",
    "RiskAddForm",
    "RiskEditForm",
    "TargetForm",
]
