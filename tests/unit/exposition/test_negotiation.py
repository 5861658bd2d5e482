import pytest

from exporter.exposition.negotiation import choose
from exporter.exposition.page import Form

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# What Prometheus 3 sends with its default settings, and with the newest protocol first.
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + PROMETHEUS_3
)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", TEXT),
        ("*/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ('text/plain; version="0.0.4"', TEXT),
        ("text/*", TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ("APPLICATION/OPENMETRICS-TEXT;VERSION=1.0.0", OPENMETRICS),
        ("application/*", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", TEXT),
        ("*/*,application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;q=0,text/plain", TEXT),
        ("application/openmetrics-text;version=1.0.0;q=0", TEXT),
        ("application/openmetrics-text;q=nan, text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;q=2, text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;q=high, text/plain;q=0.1", TEXT),
        (";,;q=1,,", TEXT),
        (PROMETHEUS_3, f"{OPENMETRICS}; escaping=allow-utf-8"),
        (PROMETHEUS_3_PROTOBUF, f"{OPENMETRICS}; escaping=allow-utf-8"),
        ("text/plain;version=0.0.4;escaping=underscores", f"{TEXT}; escaping=underscores"),
        ("text/plain;version=0.0.4;escaping=values", f"{TEXT}; escaping=values"),
        ("text/plain;version=0.0.4;escaping=dots", f"{TEXT}; escaping=underscores"),
        ("text/plain;version=0.0.4;escaping=<script>", f"{TEXT}; escaping=underscores"),
    ],
)
def test_the_best_form_that_we_implement_is_chosen(accept: str, content_type: str) -> None:
    form, chosen = choose(accept)
    assert chosen == content_type
    assert form is (Form.OPENMETRICS if content_type.startswith(OPENMETRICS) else Form.TEXT)


@pytest.mark.parametrize("version", ["9.9.9", "0.0.1", "2.0.0", "1.0", "1.0.0.0"])
def test_a_version_we_do_not_implement_is_never_echoed(version: str) -> None:
    """A fault of client_python's own server, which answers 9.9.9 with 9.9.9."""
    _, content_type = choose(f"application/openmetrics-text;version={version}")
    assert content_type == TEXT
