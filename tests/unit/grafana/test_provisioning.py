"""Nothing to click after the start."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.machine import ROOT

FOLDER = ROOT / "grafana" / "provisioning"


def read(path: str) -> Any:
    return yaml.safe_load((FOLDER / path).read_text())


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_the_data_sources_have_fixed_names_and_nobody_edits_them_in_the_browser() -> None:
    document = read("datasources/btc-health.yml")
    assert document["prune"] is True
    assert {one["uid"]: one["type"] for one in document["datasources"]} == {
        "btchealth-prometheus": "prometheus",
        "btchealth-alertmanager": "alertmanager",
    }
    assert all(one["editable"] is False for one in document["datasources"])
    assert [one["uid"] for one in document["datasources"] if one.get("isDefault")] == ["btchealth-prometheus"]


def test_queries_are_posted_and_no_finer_than_the_scrapes() -> None:
    scraped = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    options = read("datasources/btc-health.yml")["datasources"][0]["jsonData"]
    assert (options["httpMethod"], options["timeInterval"]) == ("POST", scraped)


def test_dashboards_are_loaded_into_one_folder_and_only_from_files() -> None:
    (provider,) = read("dashboards/btc-health.yml")["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is False
    assert provider["updateIntervalSeconds"] > 10
    assert (provider["folder"], provider["folderUid"]) == ("Bitcoin Health", "btchealth")
    assert "foldersFromFilesStructure" not in provider["options"]


def test_what_is_different_in_each_installation_comes_from_its_environment() -> None:
    used = {
        name
        for file in FOLDER.rglob("*.yml")
        for name in re.findall(r"\$(\w+)", file.read_text())
    }  # fmt: skip
    assert used == {"BTC_HEALTH_DASHBOARDS", "BTC_HEALTH_PROMETHEUS_URL", "BTC_HEALTH_ALERTMANAGER_URL"}


def test_kubernetes_gets_the_files_that_compose_mounts_into_the_same_folder() -> None:
    document = yaml.safe_load((ROOT / "grafana" / "kustomization.yaml").read_text())
    made = {one["name"]: one for one in document["configMapGenerator"]}
    listed = [file for one in made.values() for file in one["files"]]
    assert sorted(listed) == sorted(
        str(file.relative_to(ROOT / "grafana"))
        for file in (*(ROOT / "grafana" / "dashboards").glob("*.json"), *(FOLDER / "datasources").glob("*.yml"))
    )
    (provider,) = read("dashboards/btc-health.yml")["providers"]
    folders = {
        one["options"]["annotations"]["grafana_folder"] for name, one in made.items() if "datasources" not in name
    }
    assert folders == {provider["folder"]}
    # What a ConfigMap may hold.
    assert all((ROOT / "grafana" / file).stat().st_size < 1_000_000 for file in listed)
