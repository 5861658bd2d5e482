"""The bundle is checked against its schema, and all that it names against the real files, programs and defaults."""

from __future__ import annotations

import io
import re
import shutil
import stat
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import demo
from exporter import cli
from exporter.configuration.configfile import load
from exporter.errors import ConfigError
from tests.machine import ROOT, tool

FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SERVERS = ("prometheus", "alertmanager", "grafana")
OURS = {"exporter", "exporter-demo", "simulator", "prepare"}
# Once and for all of these, `prepare` writes what nobody may choose beforehand.
MADE = {"alertmanager-config", "grafana-secrets"}


@cache
def compose() -> dict[str, Any]:
    document = yaml.safe_load(FILE.read_text())
    assert isinstance(document, dict)
    return document


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def command(name: str) -> list[str]:
    return list(map(str, services()[name].get("command", [])))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_file_keeps_to_the_published_schema() -> None:
    checked = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE))
    assert checked.returncode == 0, checked.stdout


def test_a_file_that_does_not_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "docker-compose.yml"
    bad.write_text("services: {exporter: {image: 7}}")
    checked = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(bad))
    assert checked.returncode == 1


def test_the_dockerfile_keeps_to_good_practice() -> None:
    checked = run(str(Path(sys.executable).with_name("hadolint")), str(DOCKERFILE))
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_image_is_built_in_stages_on_a_pinned_base_and_runs_as_a_numeric_user() -> None:
    text = DOCKERFILE.read_text()
    assert re.search(r"^ARG PYTHON=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert len(re.findall(r"^FROM \$\{PYTHON\}", text, re.MULTILINE)) == 2
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    assert not re.search(r"^ADD |apt-get|:latest", text, re.MULTILINE)


def test_the_image_takes_every_package_that_is_installed_and_nothing_that_is_ignored() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.MULTILINE))
    paths = {path for line in copied for path in line.split()}
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert all((ROOT / path).exists() for path in paths)
    assert all(any(path == one or path.startswith(f"{one}/") for one in allowed) for path in paths)
    assert {"exporter", "scoring", "simulator"} <= paths


def test_the_image_keeps_its_data_where_compose_mounts_its_volume() -> None:
    stated = re.search(r"BTC_HEALTH_STORAGE__PATH=(\S+)", DOCKERFILE.read_text())
    assert stated
    assert f"exporter:{Path(stated[1]).parent}" in services()["exporter"]["volumes"]


@pytest.mark.parametrize("name", sorted(yaml.safe_load(FILE.read_text())["services"]))
def test_the_service_is_hardened(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    # To read secrets of mode 0600, on no network.
    assert service.get("cap_add", []) == (["DAC_OVERRIDE"] if name == "prepare" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    assert re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", service["image"])
    assert ("healthcheck" in service) or name == "prepare"


@pytest.mark.parametrize("name", sorted(yaml.safe_load(FILE.read_text())["services"]))
def test_the_service_waits_until_others_can_be_used_unless_it_is_of_use_without_them(name: str) -> None:
    """A source that is silent, or a mistake in a receiver, must not keep Prometheus and Grafana from telling so."""
    wanted = {
        "prepare": "service_completed_successfully",
        "simulator": "service_healthy",
        "prometheus": "service_healthy",
    }
    for other, how in services()[name].get("depends_on", {}).items():
        assert how["condition"] == wanted.get(other, "service_started")
        # Whichever exporter the profile leaves out must not be waited for.
        assert how.get("required", True) is (other not in {"exporter", "exporter-demo"})


def test_every_mounted_file_is_in_the_repository_and_every_volume_is_declared() -> None:
    for name, service in services().items():
        for mount in service.get("volumes", []):
            origin, _target, *flags = mount.split(":")
            if origin.startswith("./"):
                assert (ROOT / origin).exists(), f"{name}: {origin}"
                assert flags == ["ro"], f"{name}: {mount}"
            else:
                assert origin in compose()["volumes"], f"{name}: {origin}"
                assert flags == (["ro"] if origin in MADE and name != "prepare" else []), f"{name}: {mount}"


def test_no_single_file_of_the_repository_that_is_read_again_is_mounted() -> None:
    """After `git pull` it is another file, and the container keeps the old one; `prepare` starts anew each time."""
    for name, service in services().items():
        origins = [mount.split(":")[0] for mount in service.get("volumes", []) if mount.startswith("./")]
        assert name == "prepare" or all((ROOT / origin).is_dir() for origin in origins), name


def test_each_image_is_built_by_one_service_for_which_all_others_that_run_it_wait() -> None:
    """Two that build the same tag at the same time fail on a machine that has none."""
    builders = {name: service["image"] for name, service in services().items() if "build" in service}
    assert len(builders) == len(set(builders.values()))
    for name, service in services().items():
        for builder, image in builders.items():
            if service["image"] == image and name != builder:
                assert service["depends_on"][builder]["condition"] == "service_completed_successfully", name
                assert not services()[builder].get("profiles")


def test_the_obsolete_version_key_is_not_there() -> None:
    assert "version" not in compose()


@pytest.mark.parametrize(("service", "module"), [("prometheus", "prom"), ("alertmanager", "am")])
def test_containers_run_the_versions_that_are_tested(service: str, module: str) -> None:
    """The module of Prometheus 3.x.y is numbered 0.3xx.y."""
    required = re.search(rf"prometheus/{service} v(\S+)", (ROOT / "tools" / module / "go.mod").read_text())
    assert required
    major, minor, patch = required[1].split(".")
    wanted = f"v{minor[0]}.{int(minor[1:])}.{patch}" if service == "prometheus" else f"v{major}.{minor}.{patch}"
    assert services()[service]["image"].endswith(f":{wanted}")


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_the_flags_are_those_of_the_program(name: str) -> None:
    said = run(str(tool(name)), "--help")
    for flag in command(name):
        assert re.search(rf"{re.escape(flag.partition('=')[0])}\b", said.stdout + said.stderr), flag


def test_the_flags_of_our_own_programs_exist() -> None:
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit):
        cli.main(["simulate", "--help"])
    verb, *flags = command("simulator")
    assert verb == "simulate"
    assert all(flag.partition("=")[0] in said.getvalue() for flag in flags)


@pytest.mark.parametrize("name", ["exporter", "exporter-demo"])
def test_the_exporter_accepts_its_settings(name: str) -> None:
    load(None, services()[name]["environment"], {})


def test_the_exporter_reads_a_key_from_the_folder_that_is_mounted(tmp_path: Path) -> None:
    stated = re.search(r"(BTC_HEALTH_\w+_KEY_FILE): (/\S+)/(\w+)", FILE.read_text())
    assert stated
    assert f"./deploy/compose/secrets:{stated[2]}:ro" in services()["exporter"]["volumes"]
    (tmp_path / stated[3]).write_text("key")
    load(None, {stated[1]: str(tmp_path / stated[3])}, {})
    with pytest.raises(ConfigError):
        load(None, {stated[1]: str(tmp_path / "nobody")}, {})


def test_no_key_can_be_committed() -> None:
    assert run("git", "check-ignore", "--quiet", "--no-index", "deploy/compose/secrets/coingecko").returncode == 0


def test_a_setting_that_the_exporter_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError):
        load(None, {"BTC_HEALTH_SOURCES__MEMPOOL_SPACE__BASE_URL": "http://simulator:9000/mempool_space"}, {})


def test_the_demo_puts_the_simulator_in_place_of_every_source_as_make_demo_does() -> None:
    environment = dict(services()["exporter-demo"]["environment"])
    redis = environment.pop("BTC_HEALTH_CACHE__REDIS_URL")
    assert redis == services()["exporter"]["environment"]["BTC_HEALTH_CACHE__REDIS_URL"]
    assert environment == demo.simulated_sources("simulator:9000")


def test_names_and_ports_between_services_are_those_that_listen() -> None:
    listening = {("redis", 6379), ("simulator", 9000), ("exporter", 9833), ("prometheus", 9090), ("alertmanager", 9093)}
    addressed = {(host, int(port)) for host, port in re.findall(r"://([a-z]+):(\d+)", FILE.read_text())}
    assert {one for one in addressed if one[0] != "localhost"} <= listening
    targets = {file.stem: yaml.safe_load(file.read_text()) for file in (ROOT / "deploy/compose/targets").glob("*.yml")}
    assert targets.keys() == {file.stem for file in (ROOT / "prometheus/targets").glob("*.yml")}
    for (target,) in (one[0]["targets"] for one in targets.values()):
        host, port = target.split(":")
        assert (host, int(port)) in listening | {("127.0.0.1", 9090)}


def test_links_in_messages_lead_to_what_a_browser_on_this_machine_reaches() -> None:
    links = yaml.safe_load((ROOT / "prometheus" / "declarations" / "links.yml").read_text())
    published = {
        name: f"http://localhost:{port.split(':')[1]}/" for name in SERVERS for port in services()[name]["ports"]
    }
    for name in ("prometheus", "alertmanager"):
        assert f"--web.external-url={published[name]}" in command(name)
    assert links["dashboards"].startswith(published["grafana"])
    assert links["runbooks"].startswith(f"{published['prometheus']}consoles/")
    assert "--web.console.templates=/etc/btc-health/consoles" in command("prometheus")
    assert "./prometheus:/etc/btc-health:ro" in services()["prometheus"]["volumes"]


def test_exactly_one_exporter_starts_with_either_profile() -> None:
    profiles = {name: service.get("profiles") for name, service in services().items() if service.get("profiles")}
    assert profiles == {"exporter": ["live"], "exporter-demo": ["demo"], "simulator": ["demo"]}
    assert "COMPOSE_PROFILES=live" in (ROOT / ".env").read_text()


def test_no_password_is_written_down() -> None:
    for name, service in services().items():
        for key, value in service.get("environment", {}).items():
            if re.search("password|secret|token", key, re.IGNORECASE):
                assert key.endswith("__FILE"), f"{name}: {key}={value}"


def test_grafana_reads_what_the_provisioning_files_ask_for() -> None:
    environment = services()["grafana"]["environment"]
    asked = {
        name
        for file in (ROOT / "grafana/provisioning").rglob("*.yml")
        for name in re.findall(r"\$(\w+)", file.read_text())
    }
    assert asked <= environment.keys()
    home = Path(environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == environment["BTC_HEALTH_DASHBOARDS"]
    assert (ROOT / "grafana/dashboards" / home.name).is_file()


def test_the_password_is_made_once_and_by_chance_and_alertmanager_can_read_what_is_prepared(tmp_path: Path) -> None:
    made = []
    for name in ("first", "second", "first"):
        for folder in ("grafana", "alertmanager"):
            (tmp_path / name / folder).mkdir(parents=True, exist_ok=True)
        flags = (f"--run={tmp_path / name}", f"--alertmanager={ROOT / 'alertmanager'}")
        done = run(sys.executable, str(ROOT / "deploy/compose/prepare.py"), *flags)
        assert done.returncode == 0, done.stderr
        made.append((tmp_path / name / "grafana" / "grafana_admin_password").read_text())
    first, second, again = made
    assert (first == again, first == second, len(first) >= 24) == (True, False, True)
    checked = run(str(tool("amtool")), "check-config", str(tmp_path / "first/alertmanager/alertmanager.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alertmanager_may_read_copies_of_secrets_that_only_their_owner_may_read(tmp_path: Path) -> None:
    origin, home = tmp_path / "alertmanager", tmp_path / "run" / "alertmanager" / "home"
    (tmp_path / "run" / "grafana").mkdir(parents=True)
    shutil.copytree(ROOT / "alertmanager", origin, ignore=shutil.ignore_patterns("tests", "secrets"))
    secrets = origin / "secrets"
    secrets.mkdir(mode=0o700)
    for secret in ("slack_webhook_url", "watchdog_url"):
        (secrets / secret).write_text(f"https://hooks.invalid/{secret}")
        (secrets / secret).chmod(0o600)
    command = (str(ROOT / "deploy/compose/prepare.py"), f"--run={tmp_path / 'run'}", f"--alertmanager={origin}")
    assert run(sys.executable, *command).returncode == 0
    copies = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (home / "secrets").iterdir()}
    assert copies == {"slack_webhook_url": 0o444, "watchdog_url": 0o444}
    assert stat.S_IMODE((home / "secrets").stat().st_mode) & 0o005 == 0o005
    written = (tmp_path / "run" / "alertmanager" / "alertmanager.yml").read_text()
    assert str(home / "secrets" / "watchdog_url") in written
    assert str(origin) not in written
    (secrets / "watchdog_url").unlink()
    assert run(sys.executable, *command).returncode == 0
    assert [file.name for file in (home / "secrets").iterdir()] == ["slack_webhook_url"]


def test_what_is_prepared_is_what_the_others_read() -> None:
    mounts = dict(mount.split(":")[:2] for mount in services()["prepare"]["volumes"])
    assert mounts["grafana-secrets"] == "/run/btc-health/grafana"
    assert mounts["alertmanager-config"] == "/run/btc-health/alertmanager"
    assert "grafana-secrets:/run/btc-health:ro" in services()["grafana"]["volumes"]
    # At one path, because the configuration names the files beside it.
    assert "alertmanager-config:/run/btc-health/alertmanager:ro" in services()["alertmanager"]["volumes"]
    assert services()["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == (
        "/run/btc-health/grafana_admin_password"
    )
    assert "--config.file=/run/btc-health/alertmanager/alertmanager.yml" in command("alertmanager")
