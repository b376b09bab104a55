"""Who may reach the two servers: where they listen, and the names that they answer to.

A browser runs pages of strangers, and such a page can call what listens on the loopback. So the
servers take no request that was meant for another name, by which a name that is made to lead here
is found out, and let no page of another origin read or send anything.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from lienet.errors import InputError

AUTH_VARIABLE = "PREFECT_SERVER_API_AUTH_STRING"
NAMES_VARIABLE = "LIENET_ALLOWED_HOSTS"
"""What Prefect's server answers to, by commas; and, for people, further names for both servers."""
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Access:
    """Where the servers listen, and by which names they are called."""

    host: str = "127.0.0.1"
    prefect_port: str = "4200"
    mlflow_port: str = "5000"
    names: tuple[str, ...] = _LOOPBACK
    """Without ports."""

    def origins(self, port: str) -> list[str]:
        """Return the origins of a server's own pages."""
        return [f"http://{name}:{port}" for name in self.names]


def read_access(environment: Mapping[str, str]) -> Access:
    """Return what the environment asks for: ``LIENET_HOST``, ports, ``LIENET_ALLOWED_HOSTS``.

    Raises:
        InputError: others would be let in, and Prefect's server would not ask who calls.
    """
    host = environment.get("LIENET_HOST") or Access.host
    more = [name.strip() for name in environment.get(NAMES_VARIABLE, "").split(",") if name.strip()]
    if not _is_loopback(host):
        if ":" not in environment.get(AUTH_VARIABLE, ""):
            raise InputError(
                "whoever reaches Prefect's server can have the workers run what they like, so"
                f" beyond the loopback it asks for {AUTH_VARIABLE}=USER:PASSWORD",
                got=f"host {host} without it",
                remedy="set it here, and PREFECT_API_AUTH_STRING to the same for deploy and worker",
            )
        more += _own_names() if host == "0.0.0.0" else [host]
    return Access(
        host,
        environment.get("LIENET_PREFECT_PORT") or Access.prefect_port,
        environment.get("LIENET_MLFLOW_PORT") or Access.mlflow_port,
        tuple(dict.fromkeys((*_LOOPBACK, *more))),
    )


def refuse_taken_ports(access: Access) -> None:
    """Refuse to start where another program listens already.

    Raises:
        InputError: one does, or the host is not of this machine.
    """
    for name, port in (("PREFECT", access.prefect_port), ("MLFLOW", access.mlflow_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((access.host, int(port)))
            except (OSError, ValueError, OverflowError) as error:
                raise InputError(
                    f"cannot listen on {access.host}:{port}: {getattr(error, 'strerror', error)}",
                    remedy=f"end what runs there, or choose another LIENET_{name}_PORT",
                ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_names() -> list[str]:
    """Return this machine's name, whole and short, and the addresses that it knows of itself."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        found = []
    return [name, socket.getfqdn(), *(str(address[0]) for *_, address in found)]
