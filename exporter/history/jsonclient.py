"""GET from servers of the operator's own (Prometheus, Alertmanager): bounded in time and size, no redirects."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import aiohttp

from exporter.errors import ConfigError, RemoteError

TIMEOUT_SECONDS: Final = 5.0
MOST_BYTES: Final = 4 << 20


class JsonClient:
    """One session, made when it is first needed: that takes a running event loop."""

    def __init__(
        self, tls: Callable[[], ssl.SSLContext], timeout: float = TIMEOUT_SECONDS, most_bytes: int = MOST_BYTES
    ) -> None:
        """`tls` is asked each time, because a reload may change it; it may raise ConfigError."""
        self._tls, self._timeout, self._most_bytes = tls, aiohttp.ClientTimeout(total=timeout), most_bytes
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, query: Mapping[str, str], most_bytes: int = MOST_BYTES) -> bytes:
        """The body of a 200. Raises RemoteError."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.get(url, params=query, allow_redirects=False, ssl=self._tls()) as response:
                if response.status != HTTPStatus.OK:
                    raise RemoteError(f"answered {response.status}")
                return await self._bounded(response.content, min(most_bytes, self._most_bytes))
        except TimeoutError as error:
            raise RemoteError(f"did not answer within {self._timeout.total:g} s") from error
        except ConfigError as error:
            raise RemoteError("cannot be asked: http_client.ca_file cannot be read") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RemoteError(f"cannot be asked: {type(error).__name__}") from error

    async def _bounded(self, content: aiohttp.StreamReader, most_bytes: int) -> bytes:
        body = bytearray()
        async for piece in content.iter_any():
            body += piece
            if len(body) > most_bytes:
                raise RemoteError(f"answered more than {most_bytes} bytes")
        return bytes(body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
