"""What every test shares: no telemetry, one thread, a loopback-only network, real photographs."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.small_clone import Clone, make_tiny_clone

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "127.0.0.2", "localhost", "::1", "0.0.0.0", "", None)
SETTINGS = {
    "DVC_NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    # Child processes leave the machine only through a proxy that refuses at once.
    "NO_PROXY": "localhost,127.0.0.1,::1",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}
MAX_ID_CHARS = 200
UNSET = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_EXPERIMENT_NAME",
    "PREFECT_API_URL",
    "LIENET_FACE_MODEL",
    "LIENET_TEXT_MODEL",
)


def pytest_configure(config: pytest.Config) -> None:
    """Settle the environment before any library is imported, as each reads its own only once."""
    home = tempfile.TemporaryDirectory(prefix="prefect-home-")
    config.add_cleanup(home.cleanup)
    for name, value in {**SETTINGS, "PREFECT_HOME": home.name}.items():
        os.environ[name] = value
        if name.endswith("_PROXY"):
            os.environ[name.lower()] = value
    for name in UNSET:
        os.environ.pop(name, None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long value by its length, as the name of a test goes with each of its reports."""
    is_long = isinstance(val, str | bytes) and len(val) > MAX_ID_CHARS
    return f"{argname} of {len(val)}" if is_long else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _has_gpu():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a GPU"))


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that the tests belong to."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photographs and small models; tests that need it are skipped without."""
    named = os.environ.get("LIENET_TEST_DATA")
    if not named:
        pytest.skip("LIENET_TEST_DATA is not set: needs the folder of real photographs")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"LIENET_TEST_DATA is not a folder: {folder}")
    return folder


@pytest.fixture(scope="session")
def tiny_run(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with tiny params, committed, in which ``dvc repro`` has run once.

    It takes minutes: whatever uses it carries ``xdist_group("pipeline")`` and leaves it as it was.
    """
    clone = make_tiny_clone(repository, tmp_path_factory.mktemp("pipeline"))
    clone.first_output = clone.run("dvc", "repro")
    return clone


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Refuse every connection and look-up that would leave this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"tests may not connect to {address[0]}")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        if host not in LOOPBACK:
            raise socket.gaierror(f"tests may not look up {host}")
        return look_up(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store of MLflow with its tables made, which takes seconds; to be copied."""
    from lienet.tracking.store import connect

    folder = tmp_path_factory.mktemp("store")
    connect(f"sqlite:///{folder / 'mlflow.db'}", folder)
    return folder / "mlflow.db"
