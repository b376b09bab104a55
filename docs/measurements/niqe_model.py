"""NIQE's model of clean photographs, fitted on folders of them, each with its licence.

``python docs/measurements/niqe_model.py OUT.json "LICENCE=FOLDER"…`` writes the model; so was
``lienet/evaluation/optional/niqe_pristine.json`` made. The file names the licences, how many
photographs and patches, the SHA-256 of the list of their names and SHA-256s, and the commit.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lienet.evaluation.optional.niqe import fit_clean_model
from lienet.files import sha256_of_file, write_text
from lienet.images import Pixels, decode_image
from lienet.screening.image_files import list_below


def main(out: Path, folders: dict[Path, str]) -> None:
    """Fit the model on every photograph of the folders, in the order of their names."""
    paths = {path: folder for folder in folders for path in sorted(list_below(folder))}
    names = {path: f"{folder.name}/{path.relative_to(folder)}" for path, folder in paths.items()}
    lines = [f"{sha256_of_file(path)}  {name}\n" for path, name in names.items()]
    commit = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    provenance = {
        "licences": {folder.name: licence for folder, licence in folders.items()},
        "list_sha256": hashlib.sha256("".join(lines).encode()).hexdigest(),
        "commit": subprocess.run(
            commit, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        ).stdout.strip(),
    }

    def read() -> Iterator[Pixels]:
        for path in paths:
            yield decode_image(path.read_bytes())

    write_text(out, fit_clean_model(read(), provenance).as_json())


if __name__ == "__main__":
    named = (pair.split("=", 1) for pair in sys.argv[2:])
    main(Path(sys.argv[1]), {Path(folder): licence for licence, folder in named})
