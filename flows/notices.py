"""Notices of Prefect's server to a mailbox or a file, as Prefect's notification blocks.

The server of ``make server`` knows them; Prefect has its own block for a webhook.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from prefect.blocks.abstract import NotificationBlock
from pydantic import SecretStr

_TIMEOUT_S = 30.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class FileNotice(NotificationBlock):
    """A file on the server's machine, to which each notice is added."""

    _block_type_name = "lienet file notice"
    path: str

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Add a notice, with the time."""
        with Path(self.path).open("a", encoding="utf-8") as stream:
            stream.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {subject}\n{body}\n\n")


class EmailNotice(NotificationBlock):
    """A mailbox, reached by a mail server: ``smtp[s]://USER:PASSWORD@HOST:PORT``."""

    _block_type_name = "lienet e-mail notice"
    mailbox: str
    server: SecretStr

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Send a notice."""
        message = EmailMessage()
        message["From"] = message["To"] = self.mailbox
        message["Subject"] = subject or "lienet"
        message.set_content(body)
        await asyncio.to_thread(send_mail, self.server.get_secret_value(), message)


def send_mail(server: str, message: EmailMessage) -> None:
    """Send a message by a server; encrypted where the server offers it, and always by smtps.

    Raises:
        SMTPException: a password would go over the network in plain text, or the server refuses.
    """
    url = urlsplit(server)
    kind = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with kind(url.hostname or "localhost", url.port or 0, timeout=_TIMEOUT_S) as smtp:
        is_safe = url.scheme == "smtps" or url.hostname in _LOOPBACK
        if url.scheme == "smtp" and smtp.ehlo()[0] == 250 and smtp.has_extn("starttls"):
            smtp.starttls(context=ssl.create_default_context())
            is_safe = True
        if url.username and not is_safe:
            raise smtplib.SMTPException(f"{url.hostname} offers no encryption for the password")
        if url.username:
            smtp.login(unquote(url.username), unquote(url.password or ""))
        smtp.send_message(message)
