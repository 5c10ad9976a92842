"""Errors as problem documents."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.api.renderers import PortalJSONRenderer


class PreconditionFailed(exceptions.APIException):
    """The row has changed since the client read it (RFC 9110, If-Match)."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "This has changed since you read it. Read it again and decide anew."


def problem_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as `application/problem+json` (RFC 9457); a service's ValidationError is a 400 with its fields."""
    if isinstance(error, ValidationError):
        detail = error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        error = exceptions.ValidationError(detail)
    elif isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing at this address, or not for you.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = exception_handler(error, context)
    if response is None:
        return None
    code = response.status_code
    problem: dict[str, Any] = {"type": "about:blank", "title": _titles().get(code, "Error"), "status": code}
    if isinstance(error, exceptions.ValidationError):
        problem["detail"] = "Some values were not accepted; see errors."
        problem["errors"] = error.detail
    else:
        problem["detail"] = str(getattr(error, "detail", ""))
    response.data = problem
    response.content_type = "application/problem+json"
    # An error to a request for CSV is still a problem document.
    context["request"].accepted_renderer = PortalJSONRenderer()
    context["request"].accepted_media_type = PortalJSONRenderer.media_type
    return response


def _titles() -> Mapping[int, str]:
    return {
        status.HTTP_400_BAD_REQUEST: "Not accepted",
        status.HTTP_401_UNAUTHORIZED: "Not signed in",
        status.HTTP_403_FORBIDDEN: "Not allowed",
        status.HTTP_404_NOT_FOUND: "Not found",
        status.HTTP_405_METHOD_NOT_ALLOWED: "Method not allowed",
        status.HTTP_412_PRECONDITION_FAILED: "Changed since you read it",
        status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "Unsupported media type",
        status.HTTP_429_TOO_MANY_REQUESTS: "Too many requests",
    }
