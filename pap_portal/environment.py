"""How a setting is read from the environment."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):
    """A setting left empty is left out; one that cannot be read is named."""

    def get_value(self, var: str, cast: Any = None, **kwargs: Any) -> Any:
        if not self.ENVIRON.get(var):
            self.ENVIRON.pop(var, None)
        try:
            return super().get_value(var, cast, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}. See .env.example for what it takes.") from error
