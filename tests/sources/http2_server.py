"""A server of the loopback that speaks HTTP/2 over TLS alone, by a certificate of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from tests.sources.faults import content_of

SIZE = 3000


class Http2Server(ThreadingTCPServer):
    """Answers ``/<number>`` with that number's content."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.context = context
        self.num_connections = 0
        self.paths: list[str] = []

    def url(self, number: int) -> str:
        """Return the address of a file."""
        return f"https://127.0.0.1:{self.server_address[1]}/{number}"


class _Connection(BaseRequestHandler):
    server: Http2Server

    def handle(self) -> None:
        with (
            suppress(OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as stream,
        ):
            assert stream.selected_alpn_protocol() == "h2"
            self.server.num_connections += 1
            connection = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
            connection.initiate_connection()
            stream.sendall(connection.data_to_send())
            while data := stream.recv(2**16):
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived):
                        self._answer(connection, event)
                stream.sendall(connection.data_to_send())

    def _answer(self, connection: H2Connection, event: RequestReceived) -> None:
        path = dict(event.headers)[":path"]
        self.server.paths.append(path)
        head = [(":status", "200"), ("content-length", str(SIZE))]
        connection.send_headers(event.stream_id, head)
        connection.send_data(event.stream_id, content_of(int(path[1:]), SIZE), end_stream=True)


@contextmanager
def serving_http2(folder: Path) -> Iterator[tuple[Http2Server, Path]]:
    """Yield a running server, and the file of the certificate that it is to be trusted by."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    _make_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    with Http2Server(context) as server:
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
