"""Who may reach the servers: the loopback's names, and beyond it those who are let in by name."""

from __future__ import annotations

import socket

import pytest

from flows.server_access import AUTH_VARIABLE, Access, read_access, refuse_taken_ports
from lienet.errors import InputError


def test_by_itself_it_is_the_loopback_under_its_own_names():
    access = read_access({})
    assert access == Access("127.0.0.1", "4200", "5000", ("localhost", "127.0.0.1"))
    assert access.origins("4200") == ["http://localhost:4200", "http://127.0.0.1:4200"]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "server.example"])
def test_others_are_let_in_only_where_prefect_asks_who_calls(host: str):
    with pytest.raises(InputError, match=f"{AUTH_VARIABLE}=USER:PASSWORD, got host {host}"):
        read_access({"LIENET_HOST": host})
    access = read_access({"LIENET_HOST": host, AUTH_VARIABLE: "ann:secret"})
    assert access.host == host
    named = socket.gethostname() if host == "0.0.0.0" else host
    assert named in access.names
    assert "0.0.0.0" not in access.names


def test_further_names_and_ports_are_the_environments():
    access = read_access(
        {"LIENET_ALLOWED_HOSTS": "lab.example, night.example", "LIENET_PREFECT_PORT": "4300"}
    )
    assert access.names[2:] == ("lab.example", "night.example")
    assert (access.prefect_port, access.mlflow_port) == ("4300", "5000")


def test_a_port_that_is_taken_is_named_before_anything_starts():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(InputError, match=f"127.0.0.1:{port}: Address already in use; .*MLFLOW"):
            refuse_taken_ports(Access(prefect_port="0", mlflow_port=port))
    refuse_taken_ports(Access(prefect_port="0", mlflow_port=port))
