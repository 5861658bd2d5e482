"""One body with its encodings and its validators, made once and answered many times."""

from __future__ import annotations

import hashlib
from typing import Final

from exporter.exposition.encoding import THOROUGH, Encoding, encoding_of, headers_of, packed
from exporter.web.answer import Answer, Ask, listed

# Below this the head of a packed body and a second look at the request cost more than they save.
SMALL: Final = 1_000


class Packed:
    """`max_age` in seconds: how long a reader may go on with it unasked."""

    def __init__(self, body: bytes, content_type: str, max_age: int, policy: str | None = None) -> None:
        digest = hashlib.blake2b(body, digest_size=12).hexdigest()
        headers = {"Cache-Control": f"max-age={max_age}", "Vary": "Accept-Encoding"}
        if policy is not None:
            headers["Content-Security-Policy"] = policy
        self._tags = {one: f'"{digest}"' if one is Encoding.IDENTITY else f'"{digest}-{one}"' for one in Encoding}
        small = len(body) < SMALL
        self._whole: dict[Encoding, Answer] = {}
        self._unchanged: dict[Encoding, Answer] = {}
        for wanted in Encoding:
            given = Encoding.IDENTITY if small else wanted
            told = {**headers, "ETag": self._tags[given]}
            made = packed(body, given, THOROUGH)
            self._whole[wanted] = Answer(made, content_type, 200, {**told, **headers_of(given)}, kept=True, again=True)
            self._unchanged[wanted] = Answer(b"", content_type, 304, told, kept=True, again=True)

    def __len__(self) -> int:
        return sum(len(one.body) for one in self._whole.values())

    @property
    def body(self) -> bytes:
        return self._whole[Encoding.IDENTITY].body

    def answer(self, ask: Ask) -> Answer:
        taken = encoding_of(ask.headers.get("Accept-Encoding", ""))
        known = ask.headers.get("If-None-Match")
        if known is not None and self._is_known(listed(ask.headers, "If-None-Match")):
            return self._unchanged[taken]
        return self._whole[taken]

    def _is_known(self, header: str) -> bool:
        """Any encoding will do: RFC 9110, 13.1.2 compares weakly."""
        tags = (tag.strip().removeprefix("W/") for tag in header.split(","))
        return header.strip() == "*" or any(tag in self._tags.values() for tag in tags)
