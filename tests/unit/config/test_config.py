from pathlib import Path

import pytest
import yaml

from exporter.configuration.config import Config, EndpointConfig, SourceConfig, as_yaml, tune
from exporter.configuration.config_keys import flags, is_key, is_section, keys, restart_keys
from exporter.configuration.configfile import load
from exporter.sources import registry

SOURCE = registry.source("mempool_space")
ENDPOINT = next(one for one in SOURCE.endpoints if one.max_age_override is None)


def test_an_overridden_interval_moves_the_derived_max_age() -> None:
    tuned = tune(ENDPOINT, EndpointConfig(interval=7.0))
    assert tuned.interval == 7
    assert tuned.max_age == ENDPOINT.period + ENDPOINT.lag + 21
    assert tune(ENDPOINT, EndpointConfig(interval=7.0, max_age=99.0)).max_age == 99


def test_nothing_overridden_leaves_the_declaration() -> None:
    tuned = tune(ENDPOINT, EndpointConfig())
    assert (tuned.interval, tuned.max_age, tuned.enabled) == (ENDPOINT.interval, ENDPOINT.max_age, ENDPOINT.enabled)


def test_only_enabled_endpoints_of_enabled_sources_are_polled() -> None:
    chosen = EndpointConfig(enabled=False)
    source = SourceConfig(base_urls=SOURCE.base_urls, endpoints={ENDPOINT.name: chosen})
    config = Config(sources={SOURCE.name: source})
    assert ENDPOINT.name not in {one.name for one in config.endpoints(SOURCE)}
    assert len(config.endpoints(SOURCE)) == sum(one.enabled for one in SOURCE.endpoints) - 1
    off = Config(sources={SOURCE.name: SourceConfig(enabled=False, base_urls=SOURCE.base_urls)})
    assert off.endpoints(SOURCE) == ()
    assert off.endpoints(registry.source("bitnodes"))


def test_what_is_in_force_is_a_file_of_the_same_effect(tmp_path: Path) -> None:
    first = tmp_path / "first.yml"
    first.write_text("sources: {bitnodes: {endpoints: {summary: {interval: 12h}}}}\nstorage: {retention: 30d}\n")
    second = tmp_path / "second.yml"
    second.write_text(as_yaml(load(first)))
    assert as_yaml(load(second)) == as_yaml(load(first))
    shown = yaml.safe_load(second.read_text())
    assert shown["sources"]["bitnodes"]["endpoints"]["summary"]["interval"] == "12h"


def test_what_is_in_force_shows_no_secret() -> None:
    shown = as_yaml(
        load(
            environ={
                "BTC_HEALTH_SOURCES__COINGECKO__API_KEY": "hunter2",
                "BTC_HEALTH_CACHE__REDIS_URL": "redis://:hunter2@cache:6379",
                "BTC_HEALTH_HTTP_CLIENT__PROXY": "socks5://me:hunter2@proxy:9050",
                "BTC_HEALTH_SOURCES__BITNODES__BASE_URLS": '["http://me:hunter2@crawler"]',
            }
        )
    )
    assert "hunter2" not in shown
    assert shown.count("<secret>") == 4


@pytest.mark.parametrize(
    ("path", "known"),
    [
        (("storage",), True),
        (("storage", "path"), True),
        (("storage", "path", "x"), False),
        (("sources", "any", "base_urls"), True),
        (("sources", "any", "colour"), False),
        (("sources", "any", "endpoints", "any", "interval"), True),
        (("scoring", "weights", "security"), True),
        (("scoring", "weights", "security", "x"), False),
        (("nothing",), False),
    ],
)
def test_a_path_is_a_key_or_not(path: tuple[str, ...], known: bool) -> None:
    assert is_key(path) is known


def test_every_key_has_one_sentence() -> None:
    for path, key in keys():
        assert key.text.endswith("."), path
        assert key.text[0].isupper() or path == ("api", "rate_limits"), path


def test_a_change_that_needs_a_restart_is_named() -> None:
    environ = {
        "BTC_HEALTH_STORAGE__PATH": "elsewhere",
        "BTC_HEALTH_WEB__MAX_REQUESTS": "1",
        "BTC_HEALTH_CACHE__REDIS_URL": "redis://cache",
        "BTC_HEALTH_LOG__LEVEL": "debug",
    }
    assert restart_keys(Config(), load(environ=environ)) == ("cache.redis_url", "storage.path", "web.max_requests")
    assert restart_keys(Config(), Config()) == ()


def test_storage_cache_and_web_need_a_restart_and_the_rest_does_not() -> None:
    restarting = {path[0] for path, key in keys() if key.restart}
    assert restarting == {"cache", "storage", "web"}
    whole = [path for path, key in keys() if path[0] in restarting and not key.restart and not is_section(path)]
    assert whole == []


def test_the_flags_are_those_of_prometheus_exporters() -> None:
    assert {flag.name for flag in flags()} == {
        "--storage.path", "--web.listen-address", "--web.systemd-socket", "--web.telemetry-path", "--web.config.file",
        "--web.external-url", "--web.route-prefix", "--web.max-requests", "--web.disable-exporter-metrics",
        "--log.level", "--log.format",
    }  # fmt: skip
