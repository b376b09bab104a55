from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lienet.errors import InputError
from lienet.tracking.journal import Journal

HEADER = {"experiment": "lienet-sr", "name": "small", "run_key": "ab12"}


def _records(journal: Journal) -> list[dict[str, object]]:
    return [record for record, _ in journal.read()]


def test_records_come_back_in_order_and_without_the_header(tmp_path: Path):
    journal = Journal.open(tmp_path, "a", HEADER)
    journal.append({"metrics": {"loss": 0.5}})
    journal.append({"tags": {"who": "né"}})
    assert _records(journal) == [{"metrics": {"loss": 0.5}}, {"tags": {"who": "né"}}]


def test_what_is_committed_is_not_read_again_even_by_the_next_holder(tmp_path: Path):
    journal = Journal.open(tmp_path, "a", HEADER)
    for number in range(3):
        journal.append({"n": number})
    journal.commit([end for _, end in journal.read()][1])
    journal.close()
    again = Journal.open(tmp_path, "a", HEADER)
    assert _records(again) == [{"n": 2}]


def test_a_journal_with_nothing_waiting_is_removed_with_all_it_kept(tmp_path: Path):
    journal = Journal.open(tmp_path / "out", "a", HEADER)
    (tmp_path / "weights.bin").write_bytes(b"w")
    journal.append({"artifact": journal.attach(tmp_path / "weights.bin")})
    journal.commit([end for _, end in journal.read()][-1])
    journal.close()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_journal_with_something_waiting_stays(tmp_path: Path):
    journal = Journal.open(tmp_path, "a", HEADER)
    journal.append({"n": 1})
    journal.close()
    pending = Journal.open_pending(tmp_path / "a.jsonl")
    assert pending is not None
    assert (pending.header, _records(pending)) == (HEADER, [{"n": 1}])


def test_a_held_journal_is_left_alone_and_a_numbered_one_opened(tmp_path: Path):
    held = Journal.open(tmp_path, "a", HEADER)
    held.append({"n": 1})
    assert Journal.open_pending(held.path) is None
    second = Journal.open(tmp_path, "a", HEADER)
    assert (second.path.name, _records(second)) == ("a-1.jsonl", [])


def test_another_runs_journal_of_the_same_name_is_not_mixed_in(tmp_path: Path):
    first = Journal.open(tmp_path, "a", HEADER)
    first.append({"n": 1})
    first.close()
    second = Journal.open(tmp_path, "a", {**HEADER, "run_key": "cd34"})
    assert second.path.name == "a-1.jsonl"
    assert first.path.read_text().count("\n") == 2


def test_an_attached_file_is_kept_as_it_was(tmp_path: Path):
    journal = Journal.open(tmp_path / "out", "a", HEADER)
    path = tmp_path / "my weights.bin"
    path.write_bytes(b"first")
    name = journal.attach(path)
    journal.append({"artifact": name})
    path.write_bytes(b"second")
    other = journal.attach(path)
    assert journal.attached(name).read_bytes() == b"first"
    assert journal.attached(other).read_bytes() == b"second"
    assert journal.attached(name).name == "my weights.bin"
    journal.detach(name)
    assert not journal.attached(name).exists()


def test_a_missing_attachment_is_one_clear_error(tmp_path: Path):
    journal = Journal.open(tmp_path, "a", HEADER)
    with pytest.raises(InputError, match="No such file"):
        journal.attach(tmp_path / "gone.bin")


def test_nothing_is_lost_on_sigkill(tmp_path: Path):
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from lienet.tracking.journal import Journal\n"
        f"journal = Journal.open(Path(sys.argv[1]), 'a', {HEADER!r})\n"
        "for n in range(100): journal.append({'n': n})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert ran.returncode == -signal.SIGKILL
    journal = Journal.open(tmp_path, "a", HEADER)
    assert _records(journal) == [{"n": number} for number in range(100)]


def test_a_torn_last_line_costs_that_line_alone(tmp_path: Path):
    journal = Journal.open(tmp_path, "a", HEADER)
    journal.append({"n": 1})
    journal.close()
    with journal.path.open("ab") as stream:
        stream.write(b'{"n": 2')
    again = Journal.open(tmp_path, "a", HEADER)
    again.append({"n": 3})
    assert _records(again) == [{"n": 1}, {}, {"n": 3}]


@pytest.mark.parametrize("content", [b"", b"{", b"no json\n"])
def test_a_journal_torn_in_its_header_starts_anew(tmp_path: Path, content: bytes):
    (tmp_path / "a.jsonl").write_bytes(content)
    (tmp_path / "a.offset").write_text("40\n")
    journal = Journal.open(tmp_path, "a", HEADER)
    journal.append({"n": 1})
    assert _records(journal) == [{"n": 1}]
    (tmp_path / "b.jsonl").write_bytes(content)
    assert Journal.open_pending(tmp_path / "b.jsonl") is None
    assert not (tmp_path / "b.jsonl").exists()


def test_a_line_longer_than_a_read_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lienet.tracking.journal._READ_BYTES", 128)
    journal = Journal.open(tmp_path, "a", HEADER)
    records = [{"text": "x" * length} for length in (1000, 3, 200)]
    for record in records:
        journal.append(record)
    assert _records(journal) == records


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="free space"):
        Journal.open(tmp_path / "out", "a", HEADER)


def test_a_file_in_the_folders_place_is_one_clear_error(tmp_path: Path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        Journal.open(tmp_path / "out", "a", HEADER)
