"""One body with its encodings and its validator, made once and answered many times."""

from __future__ import annotations

import gzip
import hashlib
from typing import Final

from exporter.exposition.negotiation import takes_gzip
from exporter.web.answer import Answer, Ask

# Below this a gzip header and a second look at the request cost more than they save.
SMALL: Final = 1_000


class Packed:
    """`max_age` in seconds: how long a reader may go on with it unasked."""

    def __init__(self, body: bytes, content_type: str, max_age: int, policy: str | None = None) -> None:
        digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        headers = {"Cache-Control": f"max-age={max_age}", "Vary": "Accept-Encoding"}
        if policy is not None:
            headers["Content-Security-Policy"] = policy
        self._tags = (f'"{digest}"', f'"{digest}-gzip"')
        packed = gzip.compress(body, compresslevel=5, mtime=0) if len(body) >= SMALL else body
        small = {} if packed is body else {"Content-Encoding": "gzip"}
        # By whether gzip is taken: the whole answer, and the answer to who has it already.
        self._whole = (
            Answer(body, content_type, headers=headers | {"ETag": self._tags[0]}),
            Answer(packed, content_type, headers=headers | small | {"ETag": self._tags[1 if small else 0]}),
        )
        self._unchanged = tuple(
            Answer(
                b"", content_type, 304, {key: text for key, text in one.headers.items() if key != "Content-Encoding"}
            )
            for one in self._whole
        )

    def __len__(self) -> int:
        return len(self._whole[0].body) + len(self._whole[1].body)

    @property
    def body(self) -> bytes:
        return self._whole[0].body

    def answer(self, ask: Ask) -> Answer:
        taken = takes_gzip(ask.headers.get("Accept-Encoding", ""))
        known = ask.headers.get("If-None-Match")
        if known is not None and self._is_known(known):
            return self._unchanged[taken]
        return self._whole[taken]

    def _is_known(self, header: str) -> bool:
        """Either encoding will do: RFC 9110, 13.1.2 compares weakly."""
        tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
        return header.strip() == "*" or any(tag in self._tags for tag in tags)
