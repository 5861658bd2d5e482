"""Which encoding a client gets, and that what is packed can be read back."""

import gzip

import pytest
import zstandard

from exporter.exposition.encoding import QUICK, THOROUGH, Encoding, encoding_of, headers_of, packed
from exporter.exposition.page import Family, Form, Kind, Page, Part, Series

ZSTD, GZIP, IDENTITY = Encoding.ZSTD, Encoding.GZIP, Encoding.IDENTITY
BODY = b"btchealth_x 1\n" * 1_000


@pytest.mark.parametrize(
    ("accept_encoding", "want"),
    [
        ("", IDENTITY), ("gzip", GZIP), ("GZIP", GZIP), ("x-gzip", GZIP), ("gzip, deflate, br", GZIP), ("*", ZSTD),
        ("deflate", IDENTITY), ("identity", IDENTITY), ("gzip;q=0", IDENTITY), ("gzip;q=0, zstd;q=0, *", IDENTITY),
        ("gzip;q=0.5", GZIP), ("gzip;q=0.5, identity", IDENTITY), ("identity;q=0.5, gzip;q=0.8", GZIP),
        ("*;q=0", IDENTITY), ("gzip;q=x", IDENTITY), ("zstd", ZSTD), ("gzip, deflate, br, zstd", ZSTD),
        ("zstd;q=0.5, gzip", GZIP), ("zstd, gzip;q=0.5", ZSTD), ("zstd;q=0, *", GZIP), ("gzip;q=0, *", ZSTD),
        ("zstd;q=0.3, gzip;q=0.3", ZSTD), ("zstd;q=0.3, identity;q=0.5", IDENTITY), (",;q=1,,", IDENTITY),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", GZIP), ("gzip;q=nan, zstd;q=2", IDENTITY),
    ],
)  # fmt: skip
def test_the_encoding_that_suits_a_client_best_is_chosen(accept_encoding: str, want: Encoding) -> None:
    assert encoding_of(accept_encoding) is want


def unpacked(body: bytes, encoding: Encoding) -> bytes:
    if encoding is ZSTD:
        return zstandard.ZstdDecompressor().decompress(body)
    return gzip.decompress(body) if encoding is GZIP else body


@pytest.mark.parametrize("levels", [QUICK, THOROUGH])
@pytest.mark.parametrize("encoding", Encoding)
def test_what_is_packed_can_be_read_back_and_says_how(encoding: Encoding, levels: dict[Encoding, int]) -> None:
    made = packed(BODY, encoding, levels)
    assert unpacked(made, encoding) == BODY
    assert (len(made) < len(BODY) / 10) is (encoding is not IDENTITY)
    assert headers_of(encoding) == ({} if encoding is IDENTITY else {"Content-Encoding": encoding.value})


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("encoding", Encoding)
def test_the_page_is_the_same_in_every_encoding_and_made_once(form: Form, encoding: Encoding) -> None:
    family = Family("btchealth_x", Kind.GAUGE, "X.", "", tuple(Series((("n", str(n)),), n) for n in range(100)))
    page = Page(Part().updated([family]), Part())
    body = page.bytes_of(form, encoding)
    assert unpacked(body, encoding) == page.bytes_of(form)
    assert page.bytes_of(form, encoding) is body
