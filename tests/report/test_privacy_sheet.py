from __future__ import annotations

from lienet.report.privacy_sheet import make_privacy_sheets

COUNTS = {
    "own": {
        "photographs": 1200,
        "kept": 1000,
        "refused": 200,
        "detectors": ["yunet:ab, reduced: no text"],
        "privacy": "reduced",
    }
}


def test_each_source_says_how_its_photographs_were_looked_at():
    (sheet,) = make_privacy_sheets(COUNTS)
    (line,) = sheet.lines
    told = [cell.text for cell in line]
    assert told == ["own", "reduced", "yunet:ab, reduced: no text", "1,200", "1,000", "200"]
    assert len(sheet.titles) == len(line)


def test_without_counts_there_is_no_sheet():
    assert make_privacy_sheets({}) == []
