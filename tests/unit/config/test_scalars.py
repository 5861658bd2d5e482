from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from exporter.configuration.scalars import (
    Address,
    BaseUrl,
    Interval,
    ListenAddress,
    ProxyUrl,
    Rate,
    RedisUrl,
    Size,
    Written,
    format_duration,
    format_size,
    has_password,
    mask_url,
    parse_address,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60),
        ("10m", 600),
        ("1h", 3600),
        ("400d", 34_560_000),
        ("1h30m", 5400),
        ("2w", 1_209_600),
        ("1500ms", 1.5),
    ],
)
def test_a_duration_is_read_as_prometheus_writes_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "60", "1.5h", "-1s", "10 m", "1month", "s", "1h 30m"])
def test_a_duration_without_a_clear_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration with its unit"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(60, "1m"), (90, "90s"), (0.25, "250ms"), (86400 * 400, "400d"), (5400, "90m"), (0, "0s"), (7200, "2h")],
)
def test_a_duration_is_written_in_the_largest_whole_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("16MiB", 16 << 20), ("512KiB", 512 << 10), ("1GiB", 1 << 30), ("1500B", 1500)]
)
def test_a_size_keeps_its_value_both_ways(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert format_size(size) == text


@pytest.mark.parametrize("text", ["16MB", "16", "1.5MiB", "MiB", "-1KiB", "16 MiB"])
def test_a_size_without_a_binary_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size with its unit"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9833", Address(None, 9833)),
        ("127.0.0.1:80", Address("127.0.0.1", 80)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:9833", Address("::1", 9833)),
        ("[fe80::1%eth0]:9833", Address("fe80::1%eth0", 9833)),
    ],
)
def test_a_listen_address_is_read_and_written_the_same(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["9833", "::1:9833", "host:65536", "host:", "a b:1", "http://host:1", "[::1]"])
def test_a_listen_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected HOST:PORT, :PORT or \[IPV6\]:PORT"):
        parse_address(text)


@pytest.mark.parametrize(
    ("kind", "written", "want"),
    [
        (Interval, "1s", "expected at least 1s|1.0"),
        (BaseUrl, "https://mempool.space/", "https://mempool.space"),
        (BaseUrl, "http://[::1]:8999/prefix/", "http://[::1]:8999/prefix"),
        (ProxyUrl, "socks5h://127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
        (RedisUrl, "rediss://cache:6379/0", "rediss://cache:6379/0"),
        (Rate, "600/minute", "600/minute"),
    ],
)
def test_a_good_value_is_taken(kind: Any, written: str, want: str) -> None:
    assert str(TypeAdapter(kind).validate_python(written, context=Written())) in want


@pytest.mark.parametrize(
    ("kind", "written", "want"),
    [
        (Interval, 60, "expected a duration with its unit"),
        (Interval, True, "expected a duration with its unit"),
        (Interval, "500ms", "expected at least 1s"),
        (Interval, ["60s"], "valid number"),
        (Size, 1024, "expected a size with its unit"),
        (Size, "10B", "expected at least 1KiB"),
        (BaseUrl, "mempool.space", "starts with http:// or https:// and names a host"),
        (BaseUrl, "https://", "names a host"),
        (BaseUrl, "https://host:99999", "names a host"),
        (BaseUrl, "https://[::1", "names a host"),
        (BaseUrl, "https://a b", "names a host"),
        (BaseUrl, "https://host/?a=1", r"without \? and #"),
        (BaseUrl, 7, "valid string"),
        (RedisUrl, "http://cache", "redis:// or rediss://"),
        (Rate, "600", "expected a rate such as 600/minute"),
        (Rate, "0/minute", "expected a rate such as 600/minute"),
        (ListenAddress, "nowhere", "expected HOST:PORT"),
    ],
)
def test_a_bad_value_says_what_was_expected(kind: Any, written: Any, want: str) -> None:
    with pytest.raises(ValidationError, match=want):
        TypeAdapter(kind).validate_python(written, context=Written())


def test_numbers_from_code_are_base_units() -> None:
    assert TypeAdapter(Interval).validate_python(60) == 60
    assert TypeAdapter(Size).validate_python(4096) == 4096


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/path", "https://host/path"),
        ("https://host:8080/path@v2", "https://host:8080/path@v2"),
        ("https://[::1]:8080/path@v2", "https://[::1]:8080/path@v2"),
        ("https://host/a:b@c", "https://host/a:b@c"),
        ("socks5://me:hun/ter@2@host:1", "socks5://me:<secret>@host:1"),
        ("redis://:hunter2@cache:6379/0", "redis://:<secret>@cache:6379/0"),
        ("socks5://me:hunter2@[::1]:9050", "socks5://me:<secret>@[::1]:9050"),
    ],
)
def test_a_password_in_a_url_is_masked(url: str, shown: str) -> None:
    assert mask_url(url) == shown
    assert has_password(url) is (url != shown)


def test_what_is_no_url_has_no_password() -> None:
    assert not has_password("http://[broken")
