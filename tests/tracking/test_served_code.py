from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lienet.tracking.packaging import build_folder
from lienet.tracking.served_code import SERVED_PACKAGE, rename_imports, write_served_code
from tests.tracking.registered import make_package

ASK = """
import json, sys
sys.modules["lienet"] = sys.modules["torch"] = None
import mlflow.pyfunc
model = mlflow.pyfunc.load_model(sys.argv[1])
model.predict(model.input_example)
loaded = [name for name in sys.modules if name.startswith(sys.argv[2] + ".")]
print(json.dumps(loaded))
"""


@pytest.mark.parametrize(
    ("line", "renamed"),
    [
        ("from lienet.images import to_planes", "from lienet_served.images import to_planes"),
        ("    import lienet.errors", "    import lienet_served.errors"),
        ("from lienet_other import x", "from lienet_other import x"),
        ("# from lienet", "# from lienet"),
        ('x = "lienet.deployment.onnx_network"', 'x = "lienet_served.deployment.onnx_network"'),
        ('x = "lienet.task"', 'x = "lienet.task"'),
    ],
)
def test_imports_of_the_package_alone_are_renamed(line: str, renamed: str):
    assert rename_imports(f"import os\n{line}\n") == f"import os\n{renamed}\n"


def test_a_model_answers_where_lienet_is_not_installed_and_takes_along_what_it_needs(
    tmp_path: Path,
):
    package = make_package(tmp_path, "small")
    build_folder(package, tmp_path / "model", run_id="r" * 32, model_id="m-1")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path / "model"), SERVED_PACKAGE],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    loaded = set(json.loads(ran.stdout.splitlines()[-1]))
    write_served_code(tmp_path / "written")
    written = {
        ".".join(path.relative_to(tmp_path / "written").with_suffix("").parts)
        for path in (tmp_path / "written").rglob("*.py")
    }
    assert {name.removesuffix(".__init__") for name in written} == loaded | {SERVED_PACKAGE}
