import importlib

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Registers the rules that `User.has_perm` asks.
        importlib.import_module("accounts.permissions")
