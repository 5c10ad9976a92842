"""Whether the portal is well: `/healthz`, `/readyz`, `/metrics`."""

urlpatterns: list = []
