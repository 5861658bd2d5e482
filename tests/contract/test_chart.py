"""The Helm chart: what it renders is valid, hardened, and made of the same files as everything else."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml

from exporter.configuration.configfile import load
from tests.machine import ROOT, tool

CHART = ROOT / "deploy" / "helm" / "btc-health"
KUBERNETES = "1.33"
VALUES = {"default": (), **{file.stem: (str(file),) for file in sorted((CHART / "ci").glob("*-values.yaml"))}}
# Of the Prometheus operator; Kubernetes has no schema for them.
OPERATOR = {"ServiceMonitor", "PrometheusRule"}


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(tool("helm")), *arguments], capture_output=True, text=True, check=False)


def template(*arguments: str) -> subprocess.CompletedProcess[str]:
    return helm("template", "demo", str(CHART), f"--kube-version={KUBERNETES}", *arguments)


@cache
def rendered(values: str) -> tuple[dict[str, Any], ...]:
    done = template(*(f"--values={file}" for file in VALUES[values]))
    assert done.returncode == 0, done.stderr
    return tuple(one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one)


def of_kind(kind: str, values: str = "full-values") -> Iterator[dict[str, Any]]:
    return (one for one in rendered(values) if one["kind"] == kind)


def one(kind: str, values: str = "full-values") -> dict[str, Any]:
    (found,) = of_kind(kind, values)
    return found


@pytest.mark.parametrize("values", VALUES)
def test_helm_finds_nothing_to_complain_about(values: str) -> None:
    done = helm(
        "lint", "--strict", f"--kube-version={KUBERNETES}", str(CHART), *(f"--values={f}" for f in VALUES[values])
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("values", VALUES)
def test_what_is_rendered_is_valid_for_kubernetes(values: str) -> None:
    for found in rendered(values):
        labels = found["metadata"]["labels"]
        assert {"app.kubernetes.io/name", "app.kubernetes.io/instance", "helm.sh/chart"} <= labels.keys()
    # One of each kind: the schemas are read anew for each.
    for kind, found in {one["kind"]: one for one in rendered(values)}.items():
        if kind not in OPERATOR:
            kubernetes_validate.validate(found, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("replicaCount=two", "replicaCount"),
        ("replicas=2", "replicas"),
        ("links.runbooks=https://wiki.example", "runbooks"),
        ("persistence.enabled=true,replicaCount=2", "one volume serves one replica"),
    ],
)
def test_a_mistake_in_values_is_named(setting: str, words: str) -> None:
    done = template(f"--set={setting}")
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.parametrize("values", VALUES)
def test_the_pod_is_hardened(values: str) -> None:
    pod = one("Deployment", values)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 65532)
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container["resources"].keys() == {"requests", "limits"}
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "deploy" / "Dockerfile").read_text()


@pytest.mark.parametrize("values", VALUES)
def test_the_exporter_accepts_its_configuration(values: str, tmp_path: Path) -> None:
    data = next(one for one in of_kind("ConfigMap", values) if "btc-health.yml" in one["data"])["data"]
    file = tmp_path / "btc-health.yml"
    file.write_text(data["btc-health.yml"].replace("/etc/btc-health/secrets", str(tmp_path)))
    (tmp_path / "coingecko").write_text("key")
    load(file, {}, {})


def test_another_configuration_makes_other_pods() -> None:
    sums = [
        one("Deployment", values)["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for values in ("default", "full-values")
    ]
    assert sums[0] != sums[1]


def test_rules_and_alerts_are_those_of_prometheus() -> None:
    done = template("--set=prometheusRule.enabled=true", "--show-only=templates/prometheusrule.yaml")
    files = [file for name in ("rules", "alerts") for file in sorted((ROOT / "prometheus" / name).glob("*.yml"))]
    wanted = [group for file in files for group in _read(file.read_text())["groups"]]
    assert _read(done.stdout)["spec"]["groups"] == wanted


def _read(text: str) -> Any:
    return yaml.load(text, yaml.CSafeLoader)


def test_dashboards_are_those_of_grafana() -> None:
    shown = {
        name: text
        for found in of_kind("ConfigMap", "default")
        if "grafana_folder" in found["metadata"].get("annotations", {})
        for name, text in found["data"].items()
    }
    assert shown == {file.name: file.read_text() for file in (ROOT / "grafana" / "dashboards").glob("*.json")}


def test_links_lead_into_this_installation() -> None:
    text = json.dumps([*of_kind("ConfigMap"), one("PrometheusRule")])
    assert "localhost" not in text
    assert '"https://wiki.example/runbooks/BtcHealthWatchdog"' in text
    assert '"https://grafana.example/d/btchealth-sources"' in text
    assert "https://wiki.example/runbooks/${__value.raw}" in text


def test_the_exporter_is_scraped_as_by_the_bundle_and_under_the_name_that_alerts_know() -> None:
    known = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    ours = next(one for one in known["scrape_configs"] if one["job_name"] == "btc-health")
    monitor = one("ServiceMonitor")["spec"]
    (endpoint,) = monitor["endpoints"]
    assert monitor["sampleLimit"] == ours["sample_limit"]
    assert endpoint["interval"] == known["global"]["scrape_interval"]
    assert {"targetLabel": "job", "replacement": ours["job_name"]} in endpoint["relabelings"]
    # The operator calls a port so, and would rename the label of our metrics.
    (dropped,) = (each["regex"] for each in endpoint["relabelings"] if each.get("action") == "labeldrop")
    assert re.fullmatch(dropped, "endpoint")


def test_names_and_ports_belong_together() -> None:
    pod = one("Deployment")["spec"]["template"]
    service = one("Service")["spec"]
    assert service["selector"].items() <= pod["metadata"]["labels"].items()
    assert service["selector"] == one("ServiceMonitor")["spec"]["selector"]["matchLabels"]
    (port,) = pod["spec"]["containers"][0]["ports"]
    assert (port["name"], port["containerPort"]) == ("http", 9833)
    assert service["ports"][0]["targetPort"] == one("ServiceMonitor")["spec"]["endpoints"][0]["port"] == port["name"]
