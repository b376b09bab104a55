"""A server of the loopback that speaks over TLS, HTTP/2 or 1.1, by a certificate of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from lienet.transfer.transports import _trusted
from tests.transfer.faults import content_of

SIZE = 3000


class TlsServer(ThreadingTCPServer):
    """Answers ``/<number>`` with that number's content."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.context = context
        self.protocols: list[str | None] = []
        """What was agreed on for each connection."""
        self.paths: list[str] = []

    def url(self, number: int) -> str:
        """Return the address of a file."""
        return f"https://127.0.0.1:{self.server_address[1]}/{number}"


class _Connection(BaseRequestHandler):
    server: TlsServer

    def handle(self) -> None:
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as stream,
        ):
            self.server.protocols.append(stream.selected_alpn_protocol())
            if stream.selected_alpn_protocol() == "h2":
                self._speak_http2(stream)
            else:
                self._speak_http1(stream)

    def _speak_http2(self, stream: ssl.SSLSocket) -> None:
        connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        stream.sendall(connection.data_to_send())
        while data := stream.recv(2**16):
            for event in connection.receive_data(data):
                if isinstance(event, RequestReceived):
                    body = self._find(dict(event.headers)[":path"])
                    head = [(":status", "200"), ("content-length", str(len(body)))]
                    connection.send_headers(event.stream_id, head)
                    connection.send_data(event.stream_id, body, end_stream=True)
            stream.sendall(connection.data_to_send())

    def _speak_http1(self, stream: ssl.SSLSocket) -> None:
        asked = b""
        while data := stream.recv(2**16):
            *requests, asked = (asked + data).split(b"\r\n\r\n")
            for request in requests:
                body = self._find(request.split()[1].decode())
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    def _find(self, path: str) -> bytes:
        self.server.paths.append(path)
        return content_of(int(path[1:]), SIZE)


@contextmanager
def trusted_by(path: Path) -> Iterator[None]:
    """Let transports trust the certificate in a file, and no other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        _trusted.cache_clear()
        try:
            yield
        finally:
            _trusted.cache_clear()


@contextmanager
def serving_tls(
    folder: Path, *, protocols: tuple[str, ...] = ("h2", "http/1.1")
) -> Iterator[tuple[TlsServer, Path]]:
    """Yield a running server, and the file of the certificate that it is to be trusted by.

    Args:
        folder: where that file goes.
        protocols: what the server offers; it takes the first that a client offers too.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _make_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(protocols)
    with TlsServer(context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, certificate
        finally:
            server.shutdown()
            thread.join()


def _make_certificate(certificate: Path, key: Path) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    alternatives = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
