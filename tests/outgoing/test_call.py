"""The guarded client: certificates, deadlines, sizes, redirects, headers."""

import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.outgoing import Limits, OutgoingFailed, OutgoingRefused, Policy, call, check_url
from tests.outgoing.servers import answering, listening


def local(*ports: int, ca_file: str = "", host: str = "127.0.0.1") -> Policy:
    return Policy(local_hosts=frozenset(f"{host}:{port}" for port in ports), ca_file=ca_file)


def get(port: int, **more):
    return call("GET", f"http://127.0.0.1:{port}/a?b=c", policy=local(port), **more)


@pytest.fixture
def certificate(tmp_path):
    """make(name) -> (server's context, file of the authority), self-signed."""

    def make(name: str):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        moment = datetime.now(UTC)
        built = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(days=1)).not_valid_after(moment + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        chain, secret = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        chain.write_bytes(built.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, secret)
        return context, str(chain)

    return make


def test_answer_and_request_as_they_are():
    with listening(answering("201 Created", b"done", X_Thing="1")) as server:
        answer = call(
            "POST", f"http://127.0.0.1:{server.port}/a?b=c#d", body=b"{}",
            headers={"Content-Type": "application/json"}, policy=local(server.port),
        )  # fmt: skip
        assert (answer.status, answer.body, answer.headers["x-thing"]) == (201, b"done", "1")
        assert server.seen[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
        assert f"Host: 127.0.0.1:{server.port}".encode() in server.seen[0]
        assert server.seen[0].endswith(b"\r\n\r\n{}")


def test_certificate_and_its_name_are_verified(certificate):
    for name, trusted, works in [
        ("localhost", True, True),
        ("localhost", False, False),
        ("elsewhere.test", True, False),
    ]:
        context, authority = certificate(name)
        with listening(answering("200 OK", b"ok"), tls=context) as server:
            policy = local(server.port, host="localhost", ca_file=authority if trusted else "")
            url = f"https://localhost:{server.port}/"
            if works:
                assert call("GET", url, policy=policy).body == b"ok"
                continue
            with pytest.raises(OutgoingFailed, match="certificate is not trusted"):
                call("GET", url, policy=policy)


def test_a_large_answer_is_broken_off():
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        while True:
            connection.sendall(piece)

    with listening(endless) as server, pytest.raises(OutgoingFailed) as refused:
        get(server.port, limits=Limits(body_bytes=100_000))
    assert refused.value.code == "other_side_too_large"


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_dripping_answer_ends_at_the_deadline(start):
    def drip(connection):
        connection.sendall(start)
        while True:
            time.sleep(0.05)
            connection.sendall(b"x")

    began = time.monotonic()
    with listening(drip) as server, pytest.raises(OutgoingFailed) as refused:
        get(server.port, limits=Limits(seconds=0.5))
    assert refused.value.code == "other_side_slow"
    assert time.monotonic() - began < 5


def test_redirects_are_followed_only_when_asked_for_and_lose_secrets_elsewhere():
    with listening(answering("200 OK", b"there")) as there:
        place = f"http://127.0.0.1:{there.port}/x"
        with listening(answering("302 Found", Location=place)) as here:
            policy = local(here.port, there.port)
            url, secret = f"http://127.0.0.1:{here.port}/", {"Authorization": "Bearer s3cret"}
            assert call("GET", url, headers=secret, policy=policy).status == 302
            answer = call("GET", url, headers=secret, policy=policy, limits=Limits(redirects=1))
            assert answer.body == b"there"
            assert b"s3cret" in here.seen[1]
            assert b"s3cret" not in there.seen[0]
            with pytest.raises(OutgoingFailed):
                call("POST", url, policy=policy, limits=Limits(redirects=1))


def test_a_redirect_circle_ends():
    with listening(answering("302 Found", Location="/again")) as server:
        with pytest.raises(OutgoingFailed, match="too often"):
            get(server.port, limits=Limits(redirects=3))
        assert server.connections == 4


def test_settings_of_the_environment_lead_nowhere(monkeypatch):
    with listening() as proxy, listening(answering("200 OK", b"direct")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert get(server.port).body == b"direct"
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example/",
        "https://idp.example:8443/",
        "https://10.0.0.1/",
        "idp.example",
        "https://x y/",
    ],
)
def test_forms_are_told_without_a_call(url):
    with pytest.raises(OutgoingRefused):
        check_url(url, policy=Policy())


def test_a_plain_https_address_passes_the_form():
    check_url("https://idp.example/realms/bank", policy=Policy())
