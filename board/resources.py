"""Every kind of sheet the portal reads and writes, by the name that commands and addresses use."""

from accounts.resources import PersonResource
from core.sheets import SheetResource
from milestones.resources import (
    DueDateChangeResource,
    MilestoneResource,
    MilestoneUpdateResource,
    PriorityAreaResource,
)
from risks.resources import MitigationResource, RiskResource, RiskReviewResource

# In the order in which an empty portal is filled.
KINDS: dict[str, type[SheetResource]] = {
    resource.kind: resource
    for resource in (
        PriorityAreaResource,
        PersonResource,
        MilestoneResource,
        MilestoneUpdateResource,
        DueDateChangeResource,
        RiskResource,
        RiskReviewResource,
        MitigationResource,
    )
}
