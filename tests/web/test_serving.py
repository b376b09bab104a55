from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from lienet.errors import InputError, ModelError
from lienet.images import encode_png
from lienet.web import serving
from lienet.web.building import HEADERS
from lienet.web.models import choose_models, prepare_models
from lienet.web.requests import Limits
from lienet.web.serving import check_address, create_app

PICTURE = encode_png(np.full((20, 30, 3), 90, np.uint8))
IMAGE = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    (folder / "index.html").write_text("<h1>lienet</h1>")
    return folder


class Client:
    """Asks an application, with no socket between."""

    def __init__(self, static: Path, onnx: Path, **options: object) -> None:
        limits = options.pop("limits", Limits(max_body_bytes=100_000))
        models = prepare_models(choose_models([onnx]))
        self._app = create_app(static, models, limits, **options)  # type: ignore[arg-type]

    def get(self, path: str, **options: object) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, **options))

    def post(self, path: str, **options: object) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **options))

    async def _ask(self, method: str, path: str, **options: object) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8765"
        ) as client:
            return await client.request(method, path, **options)  # type: ignore[arg-type]


@pytest.fixture
def client(static: Path, doubling_onnx: Path) -> Client:
    return Client(static, doubling_onnx)


def test_a_picture_is_answered_with_its_enhanced_png(client: Client):
    answer = client.post("/api/enhance?task=sr&scale=2", content=PICTURE, headers=IMAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (60, 40)


def test_models_and_page_are_served_with_the_headers_that_isolate_them(client: Client):
    (model,) = client.get("/api/models").json()
    assert model["name"] == "sr_doubling_x2"
    page = client.get("/")
    assert page.text == "<h1>lienet</h1>"
    assert {name: page.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("query", "content", "headers", "status", "said"),
    [
        ("", b"", IMAGE, 400, "the body is empty"),
        ("", b"no picture", IMAGE, 415, "not a JPEG, PNG"),
        ("", PICTURE, {"Content-Type": "text/plain"}, 415, "Content-Type must be of an image"),
        ("", b"x" * 100_001, IMAGE, 413, "may have at most"),
        ("?scale=3", PICTURE, IMAGE, 404, "there is no such model"),
        ("?scale=none", PICTURE, IMAGE, 422, "scale: "),
    ],
)
def test_a_bad_request_is_refused_in_one_line(
    client: Client,
    query: str,
    content: bytes,
    headers: dict[str, str],
    status: int,
    said: str,
):
    answer = client.post(f"/api/enhance{query}", content=content, headers=headers)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].startswith(said) or said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_failing_network_is_told_in_one_line(client: Client, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ModelError("the network's output is not finite")

    monkeypatch.setattr(serving, "enhance_body", fail)
    answer = client.post("/api/enhance", content=PICTURE, headers=IMAGE)
    assert answer.status_code == 500
    assert answer.json() == {"error": "the network's output is not finite"}


def test_a_request_that_waits_too_long_for_its_turn_is_refused(
    static: Path, doubling_onnx: Path, monkeypatch: pytest.MonkeyPatch
):
    def read_slowly(*_: object) -> object:
        return asyncio.sleep(60)

    monkeypatch.setattr(serving, "read_body", read_slowly)
    started_s = time.monotonic()
    client = Client(static, doubling_onnx, limits=Limits(timeout_s=0.2))
    answer = client.post("/api/enhance", content=PICTURE, headers=IMAGE)
    assert answer.status_code == 503
    assert "try again later" in answer.json()["error"]
    assert time.monotonic() - started_s < 30


def test_only_the_loopback_s_names_are_answered_without_a_token(client: Client):
    assert client.get("/api/models", headers={"Host": "elsewhere.example"}).status_code == 400
    assert client.get("/api/models", headers={"Host": "localhost:8765"}).status_code == 200


def test_a_token_guards_the_api_and_not_the_page(static: Path, doubling_onnx: Path):
    client = Client(static, doubling_onnx, token="secret")
    assert client.get("/").status_code == 200
    assert client.get("/api/models").status_code == 401
    wrong = client.get("/api/models", headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, list(wrong.json())) == (401, ["error"])
    right = {"Authorization": "Bearer secret", "Host": "192.0.2.1"}
    assert client.get("/api/models", headers=right).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_addresses_than_the_loopback_s_need_a_token(host: str):
    with pytest.raises(InputError, match="can be reached from other machines"):
        check_address(host, None)
    check_address(host, "secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "localhost"])
def test_the_loopback_needs_no_token(host: str):
    check_address(host, None)
