import importlib

from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "board"

    def ready(self) -> None:
        # Registers the rules that `User.has_perm` asks.
        importlib.import_module("board.permissions")
