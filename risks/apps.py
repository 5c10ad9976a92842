import importlib

from django.apps import AppConfig


class RisksConfig(AppConfig):
    name = "risks"

    def ready(self) -> None:
        # Registers the rules that `User.has_perm` asks.
        importlib.import_module("risks.permissions")
