from pathlib import Path

import pytest

from exporter.configuration.config import Config
from exporter.configuration.configfile import load
from exporter.configuration.scalars import Address
from exporter.errors import ConfigError


def mistakes(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """Lines of the error, with the file's name cut to its last part."""
    file = tmp_path / "c.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, environ or {})
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_nothing_has_to_be_configured() -> None:
    config = load()
    assert config == Config()
    assert all(source.enabled and source.base_urls for source in config.sources.values())
    assert len(config.sources) == 6


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("log: {level: warn, format: json}\nweb: {max_requests: 7}\nstorage: {path: from-file}\n")
    environ = {"BTC_HEALTH_LOG__LEVEL": "error", "BTC_HEALTH_STORAGE__PATH": "from-environment"}
    config = load(file, environ, {("storage", "path"): ("--storage.path", "from-flag")})
    assert (config.log.level, config.log.format) == ("error", "json")
    assert config.web.max_requests == 7
    assert config.storage.path == Path("from-flag")
    assert config.storage.retention == 400 * 86400


def test_the_environment_reaches_every_depth() -> None:
    config = load(
        environ={
            "BTC_HEALTH_SOURCES__MEMPOOL_SPACE__BASE_URLS": '["http://127.0.0.1:9000/mempool_space"]',
            "BTC_HEALTH_SOURCES__MEMPOOL_SPACE__ENDPOINTS__MEMPOOL__INTERVAL": "5s",
            "BTC_HEALTH_SOURCES__COINGECKO__ENABLED": "false",
            "BTC_HEALTH_SOURCES__COINGECKO__API_KEY": "12345",
            "BTC_HEALTH_WEB__LISTEN_ADDRESSES": '["127.0.0.1:0", "[::1]:0"]',
            "BTC_HEALTH_SCORING": '{"weights": {"security": 0.5}, "minimum_coverage": 0.7}',
            "BTC_HEALTH_SCORING__WEIGHTS__ADOPTION": "0.25",
            "BTC_HEALTH_API__RATE_LIMITS__SCORE_LATEST": "5/second",
        }
    )
    mempool = config.sources["mempool_space"]
    assert mempool.base_urls == ("http://127.0.0.1:9000/mempool_space",)
    assert mempool.endpoints["mempool"].interval == 5
    assert not config.sources["coingecko"].enabled
    assert config.sources["coingecko"].api_key == "12345"
    assert config.web.listen_addresses == (Address("127.0.0.1", 0), Address("::1", 0))
    assert config.scoring.weights == {"security": 0.5, "adoption": 0.25}
    assert config.scoring.minimum_coverage == 0.7
    assert config.api.rate_limits == {"score_latest": "5/second"}


def test_an_empty_variable_and_an_empty_section_count_as_unset(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("sources:\nhttp_client:\nlog: {}\nstorage: {}\n")
    assert load(file, {"BTC_HEALTH_HTTP_CLIENT__PROXY": "", "OTHER": "x"}) == Config()


def test_variables_that_tests_read_are_let_alone() -> None:
    assert load(environ={"BTC_HEALTH_RECORDED": "/r", "BTC_HEALTH_HISTORY": "/h"}) == Config()


def test_a_source_keeps_its_declared_urls_when_something_else_is_set(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text("sources: {bitnodes: {endpoints: {summary: {interval: 12h, max_age: 3d}}}}\n")
    assert load(file).sources["bitnodes"].base_urls == Config().sources["bitnodes"].base_urls


A_DURATION = "a duration with its unit, such as 60s, 10m, 1h or 400d"
A_SIZE = "a size with its unit, such as 512KiB, 16MiB or 1GiB"
SECTIONS = "alerts, api, cache, history, http_client, log, scoring, sources, storage, web"
SOURCES = "bitnodes, blockchain_com, coingecko, fork_observer, forkmonitor, mempool_space"
NOBODY = "security: 0, decentralization: 0, throughput: 0, adoption: 0, lightning: 0"
NO_SUCH_NAME = "expected no such name, or a configuration key such as BTC_HEALTH_STORAGE__PATH"


@pytest.mark.parametrize(
    ("text", "key", "got", "expected"),
    [
        ("[a]", "(file)", "a list", "a mapping of keys"),
        ("database: {}", "database", "a mapping", f"one of the keys {SECTIONS}"),
        ("sources: 7", "sources", "7", "a valid mapping"),
        ("sources: {bitnodes: 7}", "sources.bitnodes", "7", "a valid mapping"),
        ("sources: {bitnodes: {endpoints: 7}}", "sources.bitnodes.endpoints", "7", "a valid mapping"),
        ("storage: 7", "storage", "7", "a valid mapping"),
        ("storage: {pth: x}", "storage.pth", "'x'", "one of the keys path, retention"),
        ("storage: {path: 7}", "storage.path", "7", "a path"),
        ("storage: {retention: 400}", "storage.retention", "400", A_DURATION),
        ("storage: {retention: 1h}", "storage.retention", "'1h'", "at least 1d"),
        ("http_client: {max_response_bytes: 32MB}", "http_client.max_response_bytes", "'32MB'", A_SIZE),
        ("api: {docs: perhaps}", "api.docs", "'perhaps'", "a valid boolean"),
        ("log: {level: loud}", "log.level", "'loud'", "'debug', 'info', 'warn' or 'error'"),
        ("web: {max_requests: -1}", "web.max_requests", "-1", "greater than or equal to 0"),
        ("web: {telemetry_path: m}", "web.telemetry_path", "'m'", "text of the form ^/[A-Za-z0-9._~/-]+$"),
        ("web: {telemetry_path: /-/ready}", "web.telemetry_path", "'/-/ready'", "a path that no other page has"),
        ("web: {listen_addresses: []}", "web.listen_addresses", "a list", "at least one entry"),
        ("scoring: {minimum_coverage: .nan}", "scoring.minimum_coverage", "nan", "a finite number"),
        ("scoring: {weights: {security: x}}", "scoring.weights.security", "'x'", "a valid number"),
        ("scoring: {weights: {security: -1}}", "scoring.weights.security", "-1", "greater than or equal to 0"),
        (f"scoring: {{weights: {{{NOBODY}}}}}", "scoring.weights", "a mapping",
         "at least one above 0 (weights of pillars)"),
        ("sources: {mempool: {}}", "sources.mempool", "'mempool'", f"one of {SOURCES}"),
        ("sources: {bitnodes: {base_urls: []}}", "sources.bitnodes.base_urls", "a list", "at least one entry"),
        ("sources: {bitnodes: {base_urls: ['http://x/a', 'http://y/a', 'http://X:80/a/']}}",
         "sources.bitnodes.base_urls", "a list", "each base URL once, got http://x/a twice"),
        ("sources: {bitnodes: {base_urls: [ftp://x]}}", "sources.bitnodes.base_urls[0]", "'ftp://x'",
         "a URL that starts with http:// or https:// and names a host"),
        ("sources: {coingecko: {endpoints: {prices: {}}}}", "sources.coingecko.endpoints.prices", "'prices'",
         "one of coin, simple_price"),
    ],
)  # fmt: skip
def test_a_mistake_names_line_key_value_and_what_was_expected(
    tmp_path: Path, text: str, key: str, got: str, expected: str
) -> None:
    assert mistakes(tmp_path, text) == [f"c.yml:1: {key}: got {got}, expected {expected}"]


def test_an_unknown_weight_lists_those_of_the_method(tmp_path: Path) -> None:
    [line] = mistakes(tmp_path, "scoring: {weights: {happiness: 1}}")
    assert line.startswith("c.yml:1: scoring.weights.happiness: got 'happiness', expected one of ")
    assert "security" in line


def test_every_mistake_is_reported_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = "log: {level: loud}\nstorage:\n  retention: 4\n  retention: 5d\nsources:\n  nobody: {base_urls: 3}\napi: 1\n"
    environ = {"BTC_HEALTH_NOPE": "1", "BTC_HEALTH_API__CORS_ORIGINS": "[1,", "BTC_HEALTH_WEB__MAX_REQUESTS": "many"}
    lines = mistakes(tmp_path, text, environ)
    assert [line.split(": ")[0] for line in lines] == [
        "c.yml:1", "c.yml:3", "c.yml:4", "c.yml:6", "c.yml:7",
        "BTC_HEALTH_API__CORS_ORIGINS", "BTC_HEALTH_WEB__MAX_REQUESTS", "environment",
    ]  # fmt: skip


def test_a_mistake_in_the_environment_or_a_flag_names_it() -> None:
    environ = {"BTC_HEALTH_STORAGE__RETENTION": "5", "BTC_HEALTH_SOURCES__COINGECKO__COLOUR": "blue"}
    with pytest.raises(ConfigError) as caught:
        load(None, environ, {("web", "max_requests"): ("--web.max-requests", "many")})
    assert str(caught.value).splitlines() == [
        "--web.max-requests: web.max_requests: got 'many', expected a valid integer",
        f"BTC_HEALTH_STORAGE__RETENTION: storage.retention: got '5', expected {A_DURATION}",
        f"environment: BTC_HEALTH_SOURCES__COINGECKO__COLOUR: got <secret>, {NO_SUCH_NAME}",
    ]


@pytest.mark.parametrize(
    ("text", "key", "instead"),
    [
        ("sources: {coingecko: {api_key: hunter2}}", "sources.coingecko.api_key", "__API_KEY or the key api_key_file"),
        ("cache: {redis_url: 'redis://:hunter2@cache'}", "cache.redis_url", "BTC_HEALTH_CACHE__REDIS_URL"),
        ("sources: {bitnodes: {base_urls: ['http://me:hunter2@x']}}", "sources.bitnodes.base_urls", "__BASE_URLS"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str, key: str, instead: str) -> None:
    [line] = mistakes(tmp_path, text)
    assert line.startswith(f"c.yml:1: {key}: got <secret>, expected no secret in this file: use BTC_HEALTH_")
    assert line.endswith(instead)


def test_a_wrong_url_with_a_password_is_shown_without_it() -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ={"BTC_HEALTH_CACHE__REDIS_URL": "http://:hunter2@cache"})
    assert "hunter2" not in str(caught.value)
    assert "http://:<secret>@cache" in str(caught.value)


def test_a_secret_is_read_from_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2\n")
    config = load(environ={"BTC_HEALTH_SOURCES__COINGECKO__API_KEY_FILE": str(tmp_path / "key")})
    assert config.sources["coingecko"].api_key == "hunter2"


@pytest.mark.parametrize(
    ("content", "also", "want"),
    [
        (None, None, "expected a readable file (No such file or directory)"),
        (b"\xff\xfe", None, "expected a readable file (not UTF-8)"),
        (b"\n", None, "expected a file that is not empty"),
        (
            b"x",
            "y",
            "expected only one of api_key and api_key_file (BTC_HEALTH_SOURCES__COINGECKO__API_KEY sets api_key)",
        ),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named(
    tmp_path: Path, content: bytes | None, also: str | None, want: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    environ = {"BTC_HEALTH_SOURCES__COINGECKO__API_KEY_FILE": str(file)}
    environ |= {"BTC_HEALTH_SOURCES__COINGECKO__API_KEY": also} if also else {}
    with pytest.raises(ConfigError) as caught:
        load(environ=environ)
    assert str(caught.value) == (
        f"BTC_HEALTH_SOURCES__COINGECKO__API_KEY_FILE: sources.coingecko.api_key_file: got '{file}', {want}"
    )


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    [line] = mistakes(tmp_path, f"log: {{level: {'x' * 500}}}")
    assert len(line) < 200
