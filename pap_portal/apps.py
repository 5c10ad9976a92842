from importlib import import_module

from django.apps import AppConfig


class PapPortalConfig(AppConfig):
    name = "pap_portal"

    def ready(self) -> None:
        import_module("pap_portal.checks")
