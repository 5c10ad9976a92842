"""What the API says of itself in its schema."""

from typing import Any

SETTINGS: dict[str, Any] = {
    "TITLE": "Priority Action Plan portal API",
    "DESCRIPTION": (
        "Milestones, their updates and evidence, risks, their reviews and mitigations, and every monthly figure "
        "behind the board's dashboard. "
        "Send `Authorization: Token <your token>`; make one on your API tokens page."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_AUTHENTICATION": None,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "MonthState": "board.models.ReportingMonth.State",
        "RiskStateEnum": "risks.models.State",
        "MitigationStatusEnum": "risks.models.MitigationStatus",
        "StatusEnum": "milestones.models.Status",
    },
}
