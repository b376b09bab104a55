"""Notices reach a file and a mailbox."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTPException

import pytest
from pydantic import SecretStr

from flows.notices import EmailNotice, FileNotice


class Mailbox(socketserver.StreamRequestHandler):
    """As much of a mail server as one message needs."""

    received: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for raw in self.rfile:
            line = raw.decode().rstrip()
            self.received.append(line)
            if line.upper() == "DATA":
                self.wfile.write(b"354 go on\r\n")
                for body in iter(self.rfile.readline, b".\r\n"):
                    self.received.append(body.decode().rstrip())
            self.wfile.write(b"221 bye\r\n" if line.upper() == "QUIT" else b"250 yes\r\n")
            if line.upper() == "QUIT":
                return


@contextmanager
def serve_mail(host: str = "127.0.0.1") -> Iterator[tuple[int, list[str]]]:
    """Take mail, without encryption; yield the port and what comes."""
    received: list[str] = []
    handler = type("OneMailbox", (Mailbox,), {"received": received})
    with socketserver.TCPServer((host, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], received
        finally:
            server.shutdown()
            thread.join()


def test_a_file_is_added_to(tmp_path: Path):
    path = tmp_path / "nights.txt"
    for number in (1, 2):
        asyncio.run(FileNotice(path=str(path)).notify(f"night {number}", "lienet: a night failed"))
    lines = path.read_text().splitlines()
    assert [lines[1], lines[4]] == ["night 1", "night 2"]
    assert lines[0].endswith(" lienet: a night failed")


def test_a_mailbox_is_written_to():
    with serve_mail() as (port, received):
        server = SecretStr(f"smtp://127.0.0.1:{port}")
        notice = EmailNotice(mailbox="team@lab.example", server=server)
        asyncio.run(notice.notify("train@a failed: no room", "lienet: a night failed"))
    assert any(line.lower().startswith("rcpt to:<team@lab.example>") for line in received)
    assert "Subject: lienet: a night failed" in received
    assert "train@a failed: no room" in received


def test_a_password_is_not_sent_in_plain_text():
    with serve_mail("127.0.0.2") as (port, received):  # it stands for a host elsewhere
        server = SecretStr(f"smtp://night:secret@127.0.0.2:{port}")
        notice = EmailNotice(mailbox="team@lab.example", server=server)
        with pytest.raises(SMTPException, match=r"127\.0\.0\.2 offers no encryption"):
            asyncio.run(notice.notify("body", "subject"))
    assert not [line for line in received if line.upper().startswith(("AUTH", "MAIL", "RCPT"))]
