from __future__ import annotations

import json

from lienet.tracking.table_columns import (
    COLUMNS,
    NOTE,
    NOTE_STARTS,
    VIEW_KEY,
    VIEW_TAG,
    describe_view,
)


def test_the_view_names_every_column_as_the_page_does():
    view = json.loads(describe_view())
    assert view["selectedColumns"] == [f"{each.kind}.`{each.key}`" for each in COLUMNS]
    assert view["orderByKey"] in view["selectedColumns"]
    assert view["orderByAsc"] is False
    assert len(describe_view()) < 5000, "MLflow keeps no longer tag"


def test_the_note_links_to_the_view():
    shown = f"#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey={VIEW_KEY}"
    assert NOTE.format(id=7).startswith(f"Each run is a model; **[Table 1]({shown})**")
    assert NOTE.startswith(NOTE_STARTS)
    assert VIEW_TAG.endswith(VIEW_KEY)
