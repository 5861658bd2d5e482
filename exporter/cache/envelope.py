"""The form in which replicas leave bodies to each other; pure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exporter.cache import CachedBody
from exporter.snapshot import EndpointKey

# Part of every key: releases that differ in it live side by side, each sharing with its own kind.
VERSION: Final = 1


# Goes into requests to sources.
_Header = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class EnvelopeError(ValueError):
    """Not something that this release wrote whole."""


class Description(BaseModel):
    """Everything about a body but its bytes; `size` in bytes, uncompressed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    version: Literal[1]
    source: str
    endpoint: str
    url: str
    host: str
    fetched_at: float
    body_time: float
    etag: _Header | None
    last_modified: _Header | None
    expires_at: float | None
    took: float = Field(ge=0)
    due: float | None
    size: int = Field(ge=0)


@dataclass(frozen=True, slots=True)
class Envelope:
    description: bytes
    packed: bytes


def seal(body: CachedBody) -> Envelope:
    description = Description(
        version=VERSION, source=body.source, endpoint=body.endpoint, url=body.url, host=body.host,
        fetched_at=body.fetched_at, body_time=body.body_time, etag=body.etag, last_modified=body.last_modified,
        expires_at=body.expires_at, took=max(body.took, 0.0), due=body.due, size=len(body.body),
    )  # fmt: skip
    return Envelope(description.model_dump_json().encode(), zlib.compress(body.body, level=1))


def unseal(key: EndpointKey, envelope: Envelope, max_bytes: int) -> CachedBody:
    """Raises EnvelopeError, before more than `max_bytes` have been unpacked."""
    try:
        said = Description.model_validate_json(envelope.description)
    except ValidationError as error:
        raise EnvelopeError(f"description: {error.errors(include_url=False)[0]['msg']}") from error
    if (said.source, said.endpoint) != key:
        raise EnvelopeError(f"body of {said.source}/{said.endpoint}")
    if said.size > max_bytes:
        raise EnvelopeError(f"{said.size} bytes, at most {max_bytes} are read")
    body = _unpacked(envelope.packed, said.size)
    return CachedBody(
        *key, said.url, said.host, body, said.fetched_at, said.body_time,
        said.etag, said.last_modified, said.expires_at, said.took, said.due,
    )  # fmt: skip


def _unpacked(packed: bytes, size: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        body = unpacking.decompress(packed, size + 1)
    except zlib.error as error:
        raise EnvelopeError(f"body: {error}") from error
    if len(body) != size or not unpacking.eof:
        raise EnvelopeError(f"body: {len(body)} bytes, {size} were stated")
    return body
