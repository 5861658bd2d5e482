"""TLS, users and the rate limit of the web configuration file, on real connections."""

import asyncio
import base64
import ssl
from pathlib import Path

import aiohttp
import bcrypt
import pytest
from cryptography import x509

from tests.integration.web.house import house, visitor
from tests.unit.web.certificates import Identity, authority, issued, server

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key"
MUTUAL = f"{TLS}, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"


@pytest.fixture(scope="module")
def ca() -> Identity:
    return authority()


@pytest.fixture
def folder(tmp_path: Path, ca: Identity) -> Path:
    server(ca).write(tmp_path, "server")
    (tmp_path / "ca.pem").write_text(ca.cert_pem)
    issued(ca, "client", x509.DNSName("prometheus.example")).write(tmp_path, "client")
    issued(ca, "stranger", x509.DNSName("stranger.example")).write(tmp_path, "stranger")
    issued(authority("another"), "forged", x509.DNSName("prometheus.example")).write(tmp_path, "forged")
    return tmp_path


def trusting(ca: Identity) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ca.cert_pem)


def web_file(folder: Path, text: str) -> Path:
    file = folder / "web.yml"
    file.write_text(text)
    return file


async def status(session: aiohttp.ClientSession, url: str, **options: str) -> int:
    credentials = base64.b64encode(f"prometheus:{options.get('password')}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"} if "password" in options else {}
    async with session.get(f"{url}/metrics", headers=headers) as response:
        await response.read()
        return response.status


async def test_the_page_is_served_over_tls_with_hsts(folder: Path, ca: Identity) -> None:
    file = web_file(folder, f"{TLS}}}\n")
    async with house(file) as built, visitor(trusting(ca)) as session, session.get(f"{built.url}/health") as response:
        assert response.status == 200
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_plain_http_on_a_tls_port_is_dropped(folder: Path) -> None:
    async with house(web_file(folder, f"{TLS}}}\n")) as built, visitor() as session:
        with pytest.raises(aiohttp.ClientError):
            await status(session, f"http://127.0.0.1:{built.port}")


@pytest.mark.parametrize(
    ("keys", "version", "accepted"),
    [
        ("", ssl.TLSVersion.TLSv1_2, True),
        ("", ssl.TLSVersion.TLSv1_3, True),
        (", min_version: TLS13", ssl.TLSVersion.TLSv1_2, False),
        (", max_version: TLS12", ssl.TLSVersion.TLSv1_3, False),
    ],
)
async def test_versions_are_those_configured(
    folder: Path, ca: Identity, keys: str, version: ssl.TLSVersion, accepted: bool
) -> None:
    context = trusting(ca)
    context.minimum_version = context.maximum_version = version
    async with house(web_file(folder, f"{TLS}{keys}}}\n")) as built, visitor(context) as session:
        if accepted:
            assert await status(session, built.url) == 200
        else:
            with pytest.raises(aiohttp.ClientError):
                await status(session, built.url)


@pytest.mark.parametrize(("client", "want"), [("client", 200), ("stranger", 403), ("forged", None), (None, None)])
async def test_only_clients_with_an_allowed_certificate_enter(
    folder: Path, ca: Identity, client: str | None, want: int | None
) -> None:
    context = trusting(ca)
    if client:
        context.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
    file = web_file(folder, f"{MUTUAL}, client_allowed_sans: [prometheus.example]}}\n")
    async with house(file) as built, visitor(context) as session:
        if want:
            assert await status(session, built.url) == want
        else:
            with pytest.raises(aiohttp.ClientError):
                await status(session, built.url)


async def presented(port: int, ca: Identity) -> bytes:
    """The certificate that the server shows to a new connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting(ca))
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    del reader
    return shown


async def test_a_renewed_certificate_is_shown_to_the_next_connection(folder: Path, ca: Identity) -> None:
    async with house(web_file(folder, f"{TLS}}}\n")) as built:
        before = await presented(built.port, ca)
        server(ca, "renewed").write(folder, "server")
        after = await presented(built.port, ca)
        (folder / "server.pem").write_text("broken")
        assert before != after == await presented(built.port, ca)


async def test_client_certificates_may_be_demanded_while_running(folder: Path, ca: Identity) -> None:
    file = web_file(folder, f"{TLS}}}\n")
    async with house(file) as built, visitor(trusting(ca)) as session:
        assert await status(session, built.url) == 200
        file.write_text(f"{MUTUAL}}}\n")
        with pytest.raises(aiohttp.ClientError):
            await status(session, built.url)


async def test_users_enter_by_password_and_changes_hold_at_once(folder: Path) -> None:
    file = web_file(folder, f"basic_auth_users: {{prometheus: '{HASH}'}}\n")
    async with house(file) as built, visitor() as session:
        async with session.get(f"{built.url}/-/healthy") as response:
            assert response.status == 401
            assert response.headers["WWW-Authenticate"] == 'Basic realm="btc-health"'
        assert await status(session, built.url, password="wrong") == 401
        assert await status(session, built.url, password="secret") == 200
        file.write_text("basic_auth_users: {}\n")
        assert await status(session, built.url) == 200


async def test_the_rate_limit_answers_429(folder: Path) -> None:
    file = web_file(folder, "rate_limit: {interval: 1h, burst: 2}\n")
    async with house(file) as built, visitor() as session:
        assert [await status(session, built.url) for _ in range(3)] == [200, 200, 429]


async def test_a_configured_header_replaces_ours(folder: Path) -> None:
    file = web_file(
        folder, "http_server_config: {headers: {X-Frame-Options: sameorigin, X-Content-Type-Options: ''}}\n"
    )
    async with house(file) as built, visitor() as session, session.get(f"{built.url}/health") as response:
        assert response.headers["X-Frame-Options"] == "sameorigin"
        assert "X-Content-Type-Options" not in response.headers
