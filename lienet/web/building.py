"""The page as a folder of static files that any web server can serve.

Owns what the folder holds, what it is called by, and the headers that keep the page to itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from lienet.files import write_bytes
from lienet.web.models import PageModel
from lienet.web.page_folder import replacing_page
from lienet.web.runtime import FILES, VERSION, unpack_runtime

INDEX_NAME, LIST_NAME = "index.html", "files.js"
MODELS_DIR, RUNTIME_DIR = "models", "onnxruntime"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
"""What the page may load and run: its own files alone."""
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer says. A server that cannot be told leaves it to the page's service worker."""


def write_page(folder: Path, models: Sequence[PageModel], runtime: Path) -> None:
    """Write the page into a folder, which it replaces if it holds an earlier page.

    Args:
        folder: made if need be.
        models: the networks to choose from; the first of a task is its default.
        runtime: the archive of ONNX Runtime Web.

    Raises:
        InputError: the folder holds other things, or cannot be written to.
    """
    with replacing_page(folder, mark=LIST_NAME) as beside:
        shell = {
            each.name: each.read_bytes() for each in files("lienet.web").joinpath("page").iterdir()
        }
        shell["models.json"] = _encode([model.entry for model in models])
        for model in models:
            shell |= {f"{MODELS_DIR}/{name}": content for name, content in model.files.items()}
        for name, content in shell.items():
            write_bytes(beside / name, content)
        write_bytes(beside / LIST_NAME, _list_files(shell))
        unpack_runtime(runtime, beside / RUNTIME_DIR)


def _list_files(shell: dict[str, bytes]) -> bytes:
    """Return the script that tells the service worker which files there are, and how to answer."""
    version = hashlib.sha256(VERSION.encode())
    for name in sorted(shell):
        version.update(name.encode() + b"\0" + hashlib.sha256(shell[name]).digest())
    told = {
        "version": version.hexdigest()[:16],
        "shell": ["./", *sorted({*shell, LIST_NAME} - {"service-worker.js"})],
        "runtime": [f"{RUNTIME_DIR}/{name}" for name in FILES],
        "headers": HEADERS,
    }
    return b"self.LIENET = " + _encode(told).rstrip() + b";\n"


def _encode(value: object) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()
