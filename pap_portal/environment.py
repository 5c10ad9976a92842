"""How settings are read from the environment."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):
    """The environment, with what it lacks from a file. A setting left empty is left out; one that cannot be read is
    named."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.read_env(file)
        self.ENVIRON = {name: value for name, value in self.ENVIRON.items() if value}

    def get_value(self, var: str, cast: Any = None, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, cast, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}. See .env.example for what it takes.") from error
