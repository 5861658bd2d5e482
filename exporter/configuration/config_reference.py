"""The configuration as documents, all put together from the declarations in `exporter.configuration.config`.

`python -m exporter.configuration.config_reference docs` writes them anew into that folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from exporter.configuration.config import Config, Key, SourceConfig
from exporter.configuration.config_keys import UNSET, flags, is_section, keys
from exporter.configuration.configfile import environment_name
from exporter.sources.registry import SOURCES

_INTRODUCTION: Final = """\
# Configuration

Nothing has to be configured. What is, comes from these places; the first that has a key wins:

1. flags of the command line,
2. environment variables: `BTC_HEALTH_` and the path of the key in capitals, with two underscores between its parts;
   a list or mapping as JSON; an empty variable counts as unset,
3. the YAML file named by `--config.file`,
4. defaults.

A key, flag or `BTC_HEALTH_` variable that does not exist is an error, and so is a number without its unit.
Durations are written as in Prometheus (`90s`, `1h30m`, `400d`), sizes as `512KiB`, `16MiB` or `1GiB`.
Secrets are refused in the file: they come from the environment or from a file of their own (`api_key_file`).
A paid CoinGecko key goes with `base_urls: ["https://pro-api.coingecko.com"]`, where it is sent under the name it has
there.

`btc-health check-config FILE` names every mistake with its line, or prints the configuration in force with secrets
masked. [btc-health.example.yml](btc-health.example.yml) holds every key with its default;
[config.schema.json](config.schema.json) lets an editor check a file while it is written: begin it with
`# yaml-language-server: $schema=config.schema.json`.

The file is read again on SIGHUP and on `POST /-/reload`, all or nothing. Keys marked "restart" cannot change then:
a reload that would change one is refused and names it.

This page is written by `python -m exporter.configuration.config_reference docs`; a test compares it with the program.
"""


_WEB_FILE: Final = """\
## Web configuration file

`--web.config.file` names a file in the format of Prometheus's exporter-toolkit, so that `promtool check web-config`
checks it. It is looked at on every request: changed certificates, users and headers hold at once. A change that cannot
be used (a mistake, half of a new pair of certificate and key, a file that is gone) is logged once, shown by
`btchealth_exporter_web_config_last_reload_successful`, and changes nothing until a file changes again.

```yaml
tls_server_config:
  cert_file: server.pem             # relative to the folder of this file
  key_file: server.key
  client_ca_file: clients.pem
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [prometheus.example]
basic_auth_users:
  prometheus: $2y$10$...            # htpasswd -nBC 10 prometheus
rate_limit: {interval: 100ms, burst: 20}
```

What differs from a server written in Go:

- A client certificate that is asked for is verified: `RequestClientCert` and `RequireAnyClientCert` are refused.
- TLS 1.2 is the oldest version, HTTP/1.1 the only protocol whatever `http2` says, and `curve_preferences` takes one
  curve. `cipher_suites` without one of TLS 1.2 leaves TLS 1.3 only.
- What would not do what it seems to is refused: keys of TLS without a certificate, an `interval` without a `burst`, a
  user's name with a colon.
- A client certificate without an allowed name gets an answer of 403 rather than a broken handshake.
- Every answer carries the security headers that OWASP lists for REST, with TLS also `Strict-Transport-Security`; a
  header set blank in `http_server_config` is not sent.
- TLS cannot be switched on or off while running.

## Sockets, users and files of the system

- No privileges are needed: any user can run it, and what it writes is the file of `storage.path` and nothing else, so
  that all the rest may be read-only.
- With `--web.systemd-socket` it serves every socket of its socket unit (`ListenStream=`, TCP or Unix, `Accept=no`).
  Whoever may open a Unix socket counts as somebody on this machine.
- It raises its limit of open files to the hard one, or leaves it as it is where the hard one is unlimited, and takes
  fewer connections than 16,384 where that is too low: 200 files, or half where there are fewer than 400, are kept for
  sources, the database and the rest.
"""


def markdown() -> str:
    return "\n".join((_INTRODUCTION, *_flag_table(), _WEB_FILE, *_key_table(), *_source_table()))


def _flag_table() -> Iterator[str]:
    yield from ("## Flags of `serve`", "", "| flag | default | meaning |", "| --- | --- | --- |")
    yield "| `--config.file` | unset | Configuration in YAML. |"
    yield "| `--config.check` | | Check the configuration, print it, and exit. |"
    for flag in flags():
        default = flag.default if flag.default == UNSET else f"`{flag.default}`"
        yield f"| `{flag.name}` | {default} | {flag.text} |"
    yield "| `--version` | | Print version, commit and branch, and exit. |"
    yield ""


def _key_table() -> Iterator[str]:
    yield from ("## Keys", "", "| key | default | environment | meaning |", "| --- | --- | --- | --- |")
    defaults = Config().model_dump(mode="json")
    for path, key in keys():
        if not is_section(path):
            default = _default(path, defaults)
            variable = environment_name(tuple("NAME" if part == "*" else part for part in path))
            restart = " Restart." if key.restart else ""
            name = ".".join("NAME" if part == "*" else part for part in path)
            yield f"| `{name}` | {default} | `{variable}` | {key.text}{restart} |"
    yield ""


def _default(path: tuple[str, ...], defaults: Any) -> str:
    if path[:2] == ("sources", "*"):
        return (
            "see below" if path[-1] in ("base_urls", "interval", "max_age") else _shown(_SOURCE_DEFAULTS.get(path[-1]))
        )
    for part in path:
        defaults = defaults[part]
    return _shown(defaults)


_SOURCE_DEFAULTS: Final = SourceConfig(base_urls=("http://localhost",)).model_dump(mode="json")


def _shown(value: Any) -> str:
    return UNSET if value is None else f"`{json.dumps(value) if not isinstance(value, str) else value}`"


def _source_table() -> Iterator[str]:
    yield from ("## Sources and endpoints", "", "Names, and what holds where nothing is configured.", "")
    yield from ("| source | endpoint | interval | max_age | polled |", "| --- | --- | --- | --- | --- |")
    shown = Config().effective()["sources"]
    for source in SOURCES:
        urls = ", ".join(f"`{url}`" for url in shown[source.name]["base_urls"])
        yield f"| `{source.name}` | | | | from {urls} |"
        for name, one in shown[source.name]["endpoints"].items():
            polled = "yes" if one["enabled"] else "only if enabled"
            yield f"| | `{name}` | {one['interval']} | {one['max_age']} | {polled} |"
    yield ""


def example() -> str:
    """A file with every key at its default; it changes nothing."""
    lines = ["# Every key with its default. Take what you change; the rest may be left out."]
    texts = {path: key for path, key in keys() if len(path) <= 2 and path[0] != "sources"}  # noqa: PLR2004 - a section and a key
    for section, content in Config().model_dump(mode="json").items():
        lines += ["", f"# {_text(texts, section)}", *_example_section(section, content, texts)]
    return "\n".join((*lines, ""))


def _text(texts: Mapping[tuple[str, ...], Key], section: str) -> str:
    return (
        texts[(section,)].text
        if (section,) in texts
        else "Providers of data, by name; names of endpoints are in configuration.md."
    )


def _example_section(section: str, content: Mapping[str, Any], texts: Mapping[tuple[str, ...], Key]) -> Iterator[str]:
    yield f"{section}:"
    for name, value in content.items():
        if (section, name) in texts:
            yield f"  # {texts[section, name].text}"
        if section == "sources":
            yield f"  {name}:"
            yield from (f"    {key}: {_flow(one)}" for key, one in value.items() if key != "api_key")
        else:
            yield f"  {name}: {_flow(value)}"


def _flow(value: Any) -> str:
    """On one line, as it stands in a list."""
    return yaml.safe_dump([value], default_flow_style=True, width=1000).strip()[1:-1]


def schema() -> str:
    """JSON Schema, with the names of sources and endpoints spelled out."""
    whole = Config.model_json_schema()
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    whole["$id"] = "config.schema.json"
    source = whole["$defs"].pop("SourceConfig")
    source.pop("required", None)
    # A secret is refused in a file, which is what the schema describes.
    del source["properties"]["api_key"]
    whole["properties"]["sources"] = {
        "type": "object",
        "description": whole["properties"]["sources"]["description"],
        "additionalProperties": False,
        "properties": {one.name: _source_schema(source, [each.name for each in one.endpoints]) for one in SOURCES},
    }
    return f"{json.dumps(whole, indent=2)}\n"


def _source_schema(source: Mapping[str, Any], endpoints: list[str]) -> dict[str, Any]:
    properties = dict(source["properties"])
    properties["endpoints"] = {
        **{key: value for key, value in properties["endpoints"].items() if key == "description"},
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"$ref": "#/$defs/EndpointConfig"} for name in endpoints},
    }
    return {**source, "properties": properties}


DOCUMENTS: Final = {
    "configuration.md": markdown,
    "btc-health.example.yml": example,
    "config.schema.json": schema,
}


def main(folder: Path) -> None:
    for name, content in DOCUMENTS.items():
        (folder / name).write_text(content(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
