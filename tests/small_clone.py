"""A clone with tiny params, in which commands run as a user runs them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from tests.folder_source import folder_source

SPLITS = ("train", "valid", "test")
BASELINES = {"sr": "bicubic", "face": "input", "old_photo": "input"}
MODELS = [(task, "lienet") for task in BASELINES]
METHODS = [*BASELINES.items(), ("face", "unsharp"), ("old_photo", "classical")]


class Clone:
    """A working copy in which commands run as a user runs them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.first_output = ""

    def run(self, *command: str) -> str:
        """Run a command; return what it wrote, or fail with it."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with subprocess.Popen(
            command,
            cwd=self.root,
            env={**os.environ, "PATH": path, "PYTHONPATH": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # the stages that it started, too
                raise
        assert process.returncode == 0, f"{' '.join(command)}:\n{output[-6000:]}"
        return output

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self.run("git", "add", "--all")
        self.run(
            "git", "-c", "user.name=test", "-c", "user.email=test@localhost",
            "commit", "--quiet", "--message", message,
        )  # fmt: skip

    def changed_files(self) -> list[str]:
        """Return the paths that ``git status`` lists, untracked ones one by one."""
        lines = self.run("git", "status", "--porcelain", "--untracked-files=all").splitlines()
        return [line[3:].strip('"') for line in lines]

    def stages_to_run(self) -> set[str]:
        """Return the stages that ``dvc repro`` would run now."""
        return stages_run(self.run("dvc", "repro", "--dry"))

    def locked_hashes(self) -> dict[str, Any]:
        """Return the hash of each output, as dvc.lock holds it."""
        stages = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def make_tiny_clone(repository: Path, folder: Path) -> Clone:
    """Return a clone with tiny params, committed, not run yet; its path has a space."""
    pictures = folder / "some pictures"
    write_pictures(pictures)
    clone = Clone(folder / "a clone")
    copy_project(repository, clone.root)
    (clone.root / "dvc.lock").unlink(missing_ok=True)
    params = yaml.safe_load((repository / "profiles" / "sample.yaml").read_text())
    (clone.root / "params.yaml").write_text(yaml.safe_dump(shrink(params, pictures)))
    clone.run("git", "init", "--quiet")
    clone.commit("as cloned")
    return clone


def stages_run(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


def copy_project(repository: Path, target: Path) -> None:
    """Copy what is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository,
        check=True,
        capture_output=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (repository / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / name, target / name)


def write_pictures(folder: Path) -> None:
    """Cut photographs without people that ship with scikit-image into small ones."""
    from skimage import data

    chelsea, coffee, rocket = data.chelsea(), data.coffee(), data.rocket()
    pictures = {
        "train": [chelsea[:192, :256], coffee[:160, 200:392], coffee[160:352, 300:492]],
        "valid": [rocket[150:342, 200:392]],
        "test": [coffee[100:261, 100:279], chelsea[60:220, 120:312]],
    }
    for split, images in pictures.items():
        (folder / split).mkdir(parents=True)
        for number, pixels in enumerate(images):
            Image.fromarray(pixels).save(folder / split / f"picture {number}.png")


def shrink(
    params: dict[str, Any], pictures: Path, models: Sequence[tuple[str, str]] = MODELS
) -> dict[str, Any]:
    """Make a set of params that runs in seconds, with these models by task and name."""
    params["profile"] = "tiny"
    params["num_workers"] = 1
    params["download"]["min_side_px"] = 64
    params["download"]["sources"] = {
        split: folder_source(path=str(pictures / split), split=split) for split in SPLITS
    }
    params["filter"]["exempt_sources"] = ["test"]
    for task in params["synthesize"]["tasks"].values():
        task |= {"sources": None, "tile_px": 64, "tile_stride_px": 64}
    params["models"] = {
        f"{task}-{name}": params["models"][f"{task}-{name}"] for task, name in models
    }
    for model in params["models"].values():
        if "num_blocks" in model:
            model["num_blocks"] = 1
    params["train"]["overrides"] = {task: {} for task in params["synthesize"]["tasks"]}
    params["train"] |= {
        "steps": 6,
        "batch_size": 2,
        "patch_px": 16,
        "num_threads": 1,
        "precision": "fp32",
        "log_every_steps": 2,
        "validate_every_steps": 3,
        "checkpoint_every_steps": 3,
        "max_valid_tiles": 2,
    }
    params["evaluate"]["keep_images_per_set"] = 1
    params["time"] = {"input_height_px": 32, "input_width_px": 32, "num_runs": 2}
    params["evaluate"]["macs_output_height_px"] = 64
    params["evaluate"]["macs_output_width_px"] = 64
    params["report"] |= {"figure_crop_px": 64, "max_figure_images": 1}
    params["export"]["formats"] = ["onnx_fp16", "onnx_int8"]
    return params
