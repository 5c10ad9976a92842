import importlib

from django.apps import AppConfig


class MilestonesConfig(AppConfig):
    name = "milestones"

    def ready(self) -> None:
        # Registers the rules that `User.has_perm` asks.
        importlib.import_module("milestones.permissions")
