"""The cache where there is Redis: what counts attempts goes on counting while Redis is away."""

from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted

log = structlog.get_logger(__name__)


class RedisOrLocalCache(RedisCache):
    """Redis; while it is away, each process keeps these values for itself.

    Attempts to sign in and API requests are counted in the cache, under a lock that is a key of the cache too: a
    cache that answers nothing would let nobody sign in. What was kept meanwhile is forgotten when Redis is back.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._local = LocMemCache("while-redis-is-away", {})

    def add(self, key: str, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._or_local("add", key, value, *args, **kwargs))

    def get(self, key: str, default: Any = None, version: int | None = None, client: Any = None) -> Any:
        return self._or_local("get", key, default, version)

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._or_local("set", key, value, *args, **kwargs)

    def delete(self, key: str, *args: Any, **kwargs: Any) -> bool:
        return bool(self._or_local("delete", key, *args, **kwargs))

    def _or_local(self, method: str, key: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(self.client, method)(key, *args, **kwargs)
        except ConnectionInterrupted as error:
            log.warning("cache_away", method=method, error=str(error))
            return getattr(self._local, method)(key, *args, **kwargs)
