"""Who may enter, by the web configuration file: rate limit, names in client certificates, users."""

from __future__ import annotations

import math
from collections.abc import Callable

from exporter.collection.limits import HostState
from exporter.spec import Budget
from exporter.web.answer import Ask, Refusal
from exporter.web.clients import counted_as
from exporter.web.tls import names_of
from exporter.web.users import Users
from exporter.web.webconfig import RateLimit
from exporter.web.webfile import Loaded


class Doors:
    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` in seconds, for the rate limit only."""
        self._clock = clock
        self._users = Users()
        self._bucket: tuple[Budget, HostState] | None = None

    async def admit(self, ask: Ask, loaded: Loaded) -> str | None:
        """The user's name, None where no users are configured. Raises Refusal for those who may not enter."""
        self.take_token(loaded.content.rate_limit)
        check_names(ask, loaded)
        hashes = loaded.content.basic_auth_users
        if not hashes:
            return None
        user = await self._users.authenticated(ask.headers.get("Authorization"), hashes, counted_as(ask.remote))
        if user is None:
            raise Refusal(401, "expected a user and password", {"WWW-Authenticate": 'Basic realm="btc-health"'})
        return user

    def take_token(self, limit: RateLimit) -> None:
        """Raises Refusal 429."""
        if not limit.interval:
            return
        now, budget = self._clock(), Budget(limit.burst, limit.interval)
        if self._bucket is None or self._bucket[0] != budget:
            self._bucket = budget, HostState.full(budget, now)
        state = self._bucket[1]
        if state.ready_at(budget, now) > now:
            wait = max(1, math.ceil(limit.interval))
            raise Refusal(429, "more requests than rate_limit allows", {"Retry-After": str(wait)})
        self._bucket = budget, state.charged(budget, now)


def check_names(ask: Ask, loaded: Loaded) -> None:
    """Raises Refusal 403 for a client whose certificate has none of the names that are wanted."""
    names = loaded.content.tls_server_config.client_allowed_sans
    if names is not None and set(names).isdisjoint(names_of(ask.certificate)):
        raise Refusal(403, "the client certificate has none of the names that are allowed")
