"""What TLS clients of every kind meet: old versions, other ciphers and curves, certificates of all sorts."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from tests.integration.web.house import House, house
from tests.unit.web.certificates import Identity, authority, issued, server

TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
CA = f"{TLS}, client_ca_file: ca.pem"
REQUIRED = f"{CA}, client_auth_type: RequireAndVerifyClientCert"
ASKED = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ECDSA = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
SUITES = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")


@pytest.fixture(scope="module")
def ca() -> Identity:
    return authority()


@pytest.fixture
def folder(tmp_path: Path, ca: Identity) -> Path:
    server(ca).write(tmp_path, "server")
    (tmp_path / "ca.pem").write_text(ca.cert_pem)
    return tmp_path


def trusting(ca: Identity, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=ca.cert_pem)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def web_file(folder: Path, text: str) -> Path:
    file = folder / "web.yml"
    file.write_text(f"{text}}}\n")
    return file


async def answered(built: House, context: ssl.SSLContext) -> tuple[int, ssl.SSLObject] | None:
    """The status and the encrypted connection; None where there is none."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", built.port, ssl=context)
        try:
            writer.write(ASKED)
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split(b" ", 2)[1]), writer.get_extra_info("ssl_object")
        finally:
            writer.transport.abort()
    return None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
    ids=["1.0", "1.1", "1.2", "1.3"],
)
async def test_tls_from_1_2_on_is_accepted(folder: Path, ca: Identity, version: ssl.TLSVersion, accepted: bool) -> None:
    context = trusting(ca, version)
    # OpenSSL's own policy would keep the client from trying.
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with house(web_file(folder, TLS)) as built:
        assert (await answered(built, context) is not None) is accepted


@pytest.mark.parametrize(
    ("keys", "version", "client", "want"),
    [
        (f"cipher_suites: [{SUITES[1]}]", "TLSv1_2", ECDSA, ECDSA[1]),
        (f"cipher_suites: [{SUITES[1]}]", "TLSv1_2", ECDSA[:1], None),
        (f"cipher_suites: [{SUITES[1]}, {SUITES[0]}]", "TLSv1_2", ECDSA, ECDSA[1]),
        (f"cipher_suites: [{SUITES[1]}, {SUITES[0]}], prefer_server_cipher_suites: false", "TLSv1_2", ECDSA, ECDSA[0]),
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", "TLSv1_2", ECDSA, None),
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", "TLSv1_3", ECDSA, "TLS_AES_256_GCM_SHA384"),
    ],
)
async def test_cipher_suites_are_those_written_and_in_the_order_of_who_is_preferred(
    folder: Path, ca: Identity, keys: str, version: str, client: tuple[str, ...], want: str | None
) -> None:
    context = trusting(ca, ssl.TLSVersion[version])
    context.set_ciphers(":".join(client))
    async with house(web_file(folder, f"{TLS}, {keys}")) as built:
        found = await answered(built, context)
    chosen = found and found[1].cipher()
    assert (chosen and chosen[0]) == want


@pytest.mark.parametrize(
    ("version", "curve", "accepted"),
    [
        ("TLSv1_3", "secp384r1", True),
        ("TLSv1_3", "prime256v1", False),
        ("TLSv1_3", "X25519", False),
        ("TLSv1_3", None, True),
        # The certificate is of another curve, which a client of this version has to take as well.
        ("TLSv1_2", None, True),
    ],
)
async def test_the_curve_is_the_one_written(
    folder: Path, ca: Identity, version: str, curve: str | None, accepted: bool
) -> None:
    context = trusting(ca, ssl.TLSVersion[version])
    if curve:
        context.set_ecdh_curve(curve)
    async with house(web_file(folder, f"{TLS}, curve_preferences: [CurveP384]")) as built:
        assert (await answered(built, context) is not None) is accepted


NAMES = (
    x509.DNSName("prometheus.example"),
    x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
    x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
    x509.RFC822Name("prometheus@example.org"),
    x509.UniformResourceIdentifier("spiffe://example.org/prometheus"),
)


def presenting(ca: Identity, folder: Path, kind: str | None) -> ssl.SSLContext:
    context = trusting(ca)
    made = {
        "good": lambda: issued(ca, "good", *NAMES),
        "expired": lambda: issued(ca, "expired", *NAMES, days=-1),
        "forged": lambda: issued(authority(), "forged", *NAMES),
        "nameless": lambda: issued(ca, "nameless"),
    }
    if kind:
        made[kind]().write(folder, "client")
        context.load_cert_chain(folder / "client.pem", folder / "client.key")
    return context


@pytest.mark.parametrize(
    ("policy", "answers"),
    [
        ("", {None: 200, "good": 200, "expired": 200, "forged": 200}),
        (", client_auth_type: NoClientCert", {None: 200, "good": 200, "expired": 200, "forged": 200}),
        (", client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven",
         {None: 200, "good": 200, "expired": None, "forged": None}),
        (", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert",
         {None: None, "good": 200, "nameless": 200, "expired": None, "forged": None}),
    ],
    ids=["unset", "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"],
)  # fmt: skip
async def test_a_policy_lets_in_whose_certificate_it_wants(
    folder: Path, ca: Identity, policy: str, answers: dict[str | None, int | None]
) -> None:
    async with house(web_file(folder, f"{TLS}{policy}")) as built:
        for kind, want in answers.items():
            found = await answered(built, presenting(ca, folder, kind))
            assert (kind, found and found[0]) == (kind, want)


@pytest.mark.parametrize(
    ("allowed", "want"),
    [
        ("prometheus.example", 200),
        ("192.0.2.7", 200),
        ("'2001:db8::7'", 200),
        ("prometheus@example.org", 200),
        ("'spiffe://example.org/prometheus'", 200),
        ("other, prometheus.example", 200),
        ("good", 403),
        ("example", 403),
        ("'*.example'", 403),
        ("PROMETHEUS.example", 403),
        ("", 403),
    ],
)
async def test_a_name_of_any_kind_opens_when_it_is_written_exactly(
    folder: Path, ca: Identity, allowed: str, want: int
) -> None:
    async with house(web_file(folder, f"{REQUIRED}, client_allowed_sans: [{allowed}]")) as built:
        found = await answered(built, presenting(ca, folder, "good"))
        nameless = await answered(built, presenting(ca, folder, "nameless"))
    assert found is not None
    assert found[0] == want
    assert nameless is not None
    assert nameless[0] == 403
