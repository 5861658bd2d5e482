"""The web configuration file: what we take, promtool takes; what we refuse, we name."""

import ssl
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from exporter.errors import ConfigError
from exporter.web.tls import context_of, names_of
from exporter.web.webconfig import CIPHERS, CURVES, TlsServerConfig, parse_file
from exporter.web.webfile import WebFile
from tests.unit.web.certificates import Identity, authority, server

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def ca() -> Identity:
    return authority()


@pytest.fixture
def folder(tmp_path: Path, ca: Identity) -> Path:
    """A folder with a server's certificate and key, and the authority of clients."""
    server(ca).write(tmp_path, "server")
    (tmp_path / "ca.pem").write_text(ca.cert_pem)
    return tmp_path


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
MUTUAL = f"{TLS}, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"

GOOD = {
    "nothing": "",
    "only comments": "# nothing\n",
    "TLS": f"{TLS}}}\n",
    "TLS 1.3 only": f"{TLS}, min_version: TLS13}}\n",
    "TLS 1.2 only": f"{TLS}, max_version: TLS12}}\n",
    "ciphers": f"{TLS}, cipher_suites: [{', '.join(CIPHERS)}], prefer_server_cipher_suites: false}}\n",
    "one curve": f"{TLS}, curve_preferences: [CurveP384]}}\n",
    "client certificates": f"{MUTUAL}}}\n",
    "client certificates of named clients": f"{MUTUAL}, client_allowed_sans: [prometheus.example]}}\n",
    "client certificates if given": f"{TLS}, client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven}}\n",
    "no client certificates": f"{TLS}, client_auth_type: NoClientCert}}\n",
    "headers": "http_server_config: {http2: false, headers: {X-Frame-Options: deny, Content-Security-Policy: x}}\n",
    "users": f"basic_auth_users: {{prometheus: '{HASH}'}}\n",
    "rate limit": "rate_limit: {interval: 1s, burst: 20}\n",
    "no rate limit": "rate_limit: {interval: 0s}\n",
    "keys without values": "tls_server_config:\nhttp_server_config:\n  headers:\nbasic_auth_users:\nrate_limit:\n",
    "TLS keys without values": f"{TLS}, cipher_suites: , curve_preferences: , client_allowed_sans: }}\n",
}
BAD = {
    "unknown section": ("tls: {}\n", "tls: got a mapping, expected one of the keys basic_auth_users, "),
    "unknown key": ("tls_server_config: {cert_fle: x}\n", "cert_fle: got 'x', expected one of the keys"),
    "no key": ("tls_server_config: {cert_file: server.pem}\n", "expected one of key and key_file"),
    "two keys": ("tls_server_config: {cert_file: server.pem, key_file: server.key, key: x}\n",
                 "expected one of key and key_file"),
    "two authorities": (f"{MUTUAL}, client_ca: x}}\n", "expected only one of client_ca and client_ca_file"),
    "no certificate": (f"{TLS.replace('server.pem', 'none.pem')}}}\n", "tls_server_config.cert_file: cannot read"),
    "unreadable authority": (f"{MUTUAL.replace('ca.pem', 'none.pem')}}}\n",
                             "tls_server_config.client_ca_file: cannot read"),
    "key of another": (f"{TLS.replace('server.key', 'other.key')}}}\n", "certificate and key cannot be used"),
    "encrypted key": (f"{TLS.replace('server.key', 'locked.key')}}}\n", "the key is encrypted"),
    "authority that is none": (f"{MUTUAL.replace('ca.pem', 'server.key')}}}\n", "client CA cannot be used"),
    "authority without policy": (f"{TLS}, client_ca_file: ca.pem}}\n",
                                 "expected client_auth_type RequireAndVerifyClientCert beside a client CA"),
    "names without certificates": (f"{TLS}, client_allowed_sans: [x]}}\n",
                                   "expected client_auth_type RequireAndVerifyClientCert beside client_allowed_sans"),
    "unverified certificates": (f"{TLS}, client_auth_type: RequireAnyClientCert}}\n",
                                "a certificate that is asked for is always verified here"),
    "unknown policy": (f"{TLS}, client_auth_type: Maybe}}\n", "client_auth_type: got 'Maybe', expected"),
    "old TLS": (f"{TLS}, min_version: TLS10}}\n", "min_version: got 'TLS10', expected 'TLS12' or 'TLS13'"),
    "no version left": (f"{TLS}, min_version: TLS13, max_version: TLS12}}\n", "min_version at most max_version"),
    "TLS keys and no certificate": ("tls_server_config: {min_version: TLS13}\n",
                                    "expected cert_file and key_file: without them nothing is encrypted"),
    "no cipher left": (f"{TLS}, max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]}}\n",
                       "expected a cipher suite of TLS 1.2 beside max_version TLS12"),
    "name with a colon": (f"basic_auth_users: {{'a:b': '{HASH}'}}\n", "expected a name without a colon"),
    "rate without burst": ("rate_limit: {interval: 1s}\n", "expected a burst of at least 1 beside interval"),
    "unknown key without value": ("tls_server_config: {cert_fle: }\n",
                                  "cert_fle: got nothing, expected one of the keys"),
    "unknown cipher": (f"{TLS}, cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]}}\n", "expected one of TLS_ECDHE"),
    "two curves": (f"{TLS}, curve_preferences: [X25519, CurveP256]}}\n", "curve_preferences: got a list, expected"),
    "unknown header": ("http_server_config: {headers: {X-Powered-By: x}}\n", "not X-Powered-By"),
    "bad header": ("http_server_config: {headers: {X-Frame-Options: allow}}\n",
                   "expected X-Frame-Options to be deny or sameorigin or empty, not 'allow'"),
    "header of two lines": ('http_server_config: {headers: {Content-Security-Policy: "a\\nb"}}\n', "on one line"),
    "hash nothing compares with": (
        f"basic_auth_users: {{prometheus: '{HASH[:28]}{chr(ord(HASH[28]) + 1)}{HASH[29:]}'}}\n",
        "expected a bcrypt hash",
    ),
    "hash of 1997": (f"basic_auth_users: {{prometheus: '{HASH.replace('$2b$', '$2$')}'}}\n", "expected a bcrypt hash"),
    "plain password": ("basic_auth_users: {prometheus: secret}\n", "expected a bcrypt hash"),
    "negative rate": ("rate_limit: {interval: 1s, burst: -1}\n", "rate_limit.burst: got -1, expected greater than"),
    "rate without unit": ("rate_limit: {interval: fast}\n", "expected a duration with its unit"),
    "list": ("[1]\n", "expected a valid mapping"),
    "no YAML": ("a: [\n", "expected YAML"),
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_a_good_file_is_taken_here_and_by_promtool(folder: Path, text: str, tool: Callable[[str], Path]) -> None:
    file = folder / "web.yml"
    file.write_text(text)
    loaded = WebFile(file).current()
    assert (loaded.context is not None) is ("cert_file" in text)
    subprocess.run([tool("promtool"), "check", "web-config", file], check=True, capture_output=True)


@pytest.mark.parametrize(("text", "want"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_the_reason(folder: Path, ca: Identity, text: str, want: str) -> None:
    server(ca).write(folder, "other")
    locked = server(ca).private(BestAvailableEncryption(b"x"))
    (folder / "locked.key").write_text(locked)
    file = folder / "web.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        WebFile(file)
    assert want in str(caught.value)
    assert "secret" not in str(caught.value).replace("<secret>", "")


# The others are files that Go's TLS can serve and Python's cannot, or that promtool looks at less closely.
REFUSED_BY_BOTH = (
    "unknown section", "unknown key", "no key", "no certificate", "key of another", "unknown policy", "unknown cipher",
    "unknown header", "bad header", "plain password",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_BY_BOTH)
def test_what_we_refuse_of_the_format_promtool_refuses_too(
    folder: Path, ca: Identity, name: str, tool: Callable[[str], Path]
) -> None:
    server(ca).write(folder, "other")
    file = folder / "web.yml"
    file.write_text(BAD[name][0])
    assert subprocess.run([tool("promtool"), "check", "web-config", file], check=False, capture_output=True).returncode


def test_certificates_may_stand_in_the_file_itself(tmp_path: Path, ca: Identity) -> None:
    identity = server(ca)
    file = tmp_path / "web.yml"
    file.write_text(
        f"tls_server_config:\n  cert: |\n{indented(identity.cert_pem)}  key: |\n{indented(identity.key_pem)}"
        f"  client_ca: |\n{indented(ca.cert_pem)}  client_auth_type: RequireAndVerifyClientCert\n"
    )
    assert WebFile(file).current().context is not None


def test_clients_are_verified_by_the_systems_authorities_where_none_is_named(folder: Path) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}\n")
    assert context_of(parse_file(file).tls_server_config, folder).verify_mode.name == "CERT_REQUIRED"


@pytest.mark.parametrize("curve", CURVES)
def test_every_curve_is_one_that_openssl_knows(folder: Path, curve: str) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}, curve_preferences: [{curve}]}}\n")
    assert WebFile(file).current().context


def test_a_header_left_blank_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("http_server_config: {headers: {X-Frame-Options: '', Content-Security-Policy: x}}\n")
    headers = WebFile(file).current().headers
    assert "X-Frame-Options" not in headers
    assert headers["Content-Security-Policy"] == "x"
    assert "Strict-Transport-Security" not in headers


def test_with_tls_browsers_are_told_to_stay_with_it(folder: Path) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")
    assert "Strict-Transport-Security" in WebFile(file).current().headers


def in_force(web_file: WebFile) -> bool:
    return web_file.last_reload_successful


def test_a_changed_file_is_in_force_at_once_and_a_broken_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{one: '{HASH}'}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    assert web_file.current() is before
    file.write_text("basic_auth_users: {one: plain}\n")
    assert web_file.current() is before
    assert not in_force(web_file)
    file.write_text(f"basic_auth_users: {{second: '{HASH}'}}\n")
    assert set(web_file.current().content.basic_auth_users) == {"second"}
    assert in_force(web_file)
    file.unlink()
    assert set(web_file.current().content.basic_auth_users) == {"second"}
    assert not in_force(web_file)


def test_changed_certificates_are_read_and_tls_stays_on(folder: Path, ca: Identity) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    server(ca, "renewed").write(folder, "server")
    after = web_file.current()
    assert after.context is not before.context
    file.write_text("")
    assert web_file.current() is after
    assert not in_force(web_file)


def test_half_a_pair_changes_nothing_is_said_once_and_the_other_half_makes_it_hold(
    folder: Path, ca: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    renewed = server(ca, "renewed")
    (folder / "server.pem").write_text(renewed.cert_pem)
    assert [web_file.current() for _ in range(3)] == [before] * 3
    assert not in_force(web_file)
    (folder / "server.key").write_text(renewed.key_pem)
    assert web_file.current() is not before
    assert in_force(web_file)
    said = capsys.readouterr().out
    assert said.count("web configuration not reloaded") == 1
    assert said.count("web configuration reloaded") == 1


@pytest.mark.parametrize("name", ["server.pem", "server.key", "ca.pem", "web.yml"])
def test_a_file_that_is_gone_changes_nothing_until_it_is_back(folder: Path, name: str) -> None:
    file = folder / "web.yml"
    file.write_text(f"{MUTUAL}}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    content = (folder / name).read_text()
    (folder / name).unlink()
    assert web_file.current() is before
    assert not in_force(web_file)
    (folder / name).write_text(content)
    assert web_file.current() is not before
    assert in_force(web_file)


def test_a_certificate_that_comes_after_the_file_that_names_it_holds_when_it_is_there(
    folder: Path, ca: Identity
) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    file.write_text(f"{TLS.replace('server.', 'second.')}}}\n")
    assert web_file.current() is before
    server(ca, "second").write(folder, "second")
    assert web_file.current() is not before
    assert in_force(web_file)


def test_a_file_that_changes_while_it_is_read_is_read_again(
    folder: Path, ca: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")

    def slow(config: TlsServerConfig, place: Path) -> ssl.SSLContext:
        made = context_of(config, place)
        monkeypatch.undo()
        server(ca, "renewed").write(folder, "server")
        return made

    monkeypatch.setattr("exporter.web.webfile.context_of", slow)
    web_file = WebFile(file)
    before = web_file._loaded  # noqa: SLF001 - what was read before the change, which nobody sees otherwise
    assert web_file.current() is not before


def test_a_file_that_may_be_read_now_is_read_again(folder: Path) -> None:
    file = folder / "web.yml"
    file.write_text(f"{TLS}}}\n")
    web_file = WebFile(file)
    before = web_file.current()
    (folder / "server.key").chmod(0o640)
    assert web_file.current() is not before


def test_where_nothing_can_be_written_certificates_in_the_file_are_refused_with_what_helps(
    tmp_path: Path, ca: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    identity = server(ca)
    file = tmp_path / "web.yml"
    file.write_text(
        f"tls_server_config:\n  cert: |\n{indented(identity.cert_pem)}  key: |\n{indented(identity.key_pem)}"
    )
    with pytest.raises(ConfigError, match="need a folder for temporary files, write cert_file and key_file"):
        WebFile(file)


def test_names_of_a_certificate_are_those_go_compares() -> None:
    certificate = {
        "subjectAltName": (
            ("DNS", "prometheus.example"), ("IP Address", "0:0:0:0:0:0:0:1\n"), ("email", "a@example"),
            ("URI", "spiffe://x"), ("DirName", "x"), ("IP Address", "<invalid>"), ("IP Address", "192.0.2.1"),
        )
    }  # fmt: skip
    assert list(names_of(certificate)) == ["prometheus.example", "::1", "a@example", "spiffe://x", "192.0.2.1"]
    assert list(names_of(None)) == []
