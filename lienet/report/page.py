"""``reports/index.html``: one file that holds everything it shows and asks the network nothing."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from PIL import Image

from lienet.errors import DataError
from lienet.images import Pixels, decode_image
from lienet.params import Params, Protocol
from lienet.params.variants import find_variant
from lienet.report.crops import choose_crop
from lienet.report.drawings import Drawing
from lienet.report.number_format import count_noun, format_percent, title_task
from lienet.report.paired_differences import Pair
from lienet.report.paper import PAPER_NUM_IMAGES, PAPER_SOURCE
from lienet.report.pictures import Comparison
from lienet.report.side_tables import Sheet
from lienet.report.summaries import (
    describe_bicubic,
    describe_group,
    describe_papers_bicubic,
    summarize,
)
from lienet.report.table_columns import columns_of
from lienet.report.tables import Group

MAX_PAGE_BYTES = 8_000_000
_SLIDER_HEIGHT_PX = 640
_SLIDER_WIDTH_PX = 960
_QUALITIES = (92, 86, 78, 68, 55)


def render_page(
    params: Params,
    groups: Sequence[Group],
    pairs: Sequence[Pair],
    comparisons: Sequence[Comparison],
    figures: Mapping[str, Drawing],
    sheets: Sequence[Sheet],
    *,
    browser_page: str | None = None,
) -> str:
    """Return the page as HTML, under ``MAX_PAGE_BYTES``.

    Args:
        params: the active set.
        groups: what Table 1 shows, ablations left out.
        pairs: ours against every other row; the summary speaks of them.
        comparisons: the photographs of the slider.
        figures: by name, in their order.
        sheets: the tables beside Table 1.
        browser_page: the relative address of a page that enhances pictures, if there is one.

    Photographs are WebP, at the highest quality of a fixed ladder that keeps the page within its
    size.

    Raises:
        DataError: even the lowest quality leaves the page too large.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["sign"] = lambda text: str(text).replace("-", "\N{MINUS SIGN}")
    template = environment.from_string(
        files("lienet.report").joinpath("page.html").read_text(encoding="utf-8")
    )
    shown = _describe(params, groups, pairs)
    shown |= {"sheets": sheets, "browser_page": browser_page}
    for quality in _QUALITIES:
        page = template.render(
            **shown,
            quality=quality,
            figures=_embed_figures(figures, quality),
            slides=[_make_slide(comparison, quality) for comparison in comparisons],
        )
        if len(page.encode()) <= MAX_PAGE_BYTES:
            return page
    raise DataError(
        f"the report page must stay under {MAX_PAGE_BYTES:,} bytes and does not with "
        f"{count_noun(len(comparisons), 'photograph')}",
        remedy="lower report.max_figure_images",
    )


def _describe(params: Params, groups: Sequence[Group], pairs: Sequence[Pair]) -> dict[str, Any]:
    newest = {
        (group.task, each.model): each
        for group in groups
        for row in group.rows
        for each in (row.evaluation, *row.replicates)
    }
    protocols = {
        name: each
        for name, each in params.evaluate.protocols.items()
        if each.task in {group.task for group in groups}
    }
    return {
        "summary": summarize(params, groups, pairs),
        "profile": params.profile,
        "confidence": format_percent(params.evaluate.confidence),
        "tables": [_describe_table(group, params) for group in groups if group.has_table],
        "bicubic": describe_bicubic(groups),
        "bicubic_note": describe_papers_bicubic(),
        "protocols": protocols,
        "degradations": {name: _say_inputs(params, each) for name, each in protocols.items()},
        "evaluations": list(newest.values()),
        "paper": {"source": PAPER_SOURCE, "num_images": PAPER_NUM_IMAGES},
    }


def _say_inputs(params: Params, protocol: Protocol) -> str:
    degradation = params.synthesize.tasks[protocol.task]
    variant = find_variant(
        degradation, protocol.jpeg_quality, protocol.jpeg_chroma, side_px=protocol.side_px
    )
    made_by = variant.degradation if variant else degradation
    return made_by.describe(task=protocol.task, scale=protocol.scale)


def _describe_table(group: Group, params: Params) -> dict[str, Any]:
    columns = columns_of(params, group)
    is_chosen = group.protocol in params.report.figure_protocols.values()
    return {
        "task": title_task(group.task),
        "protocol": group.protocol,
        "test_set": group.test_set,
        "images": count_noun(group.num_images, "image"),
        "is_open": is_chosen,
        "columns": columns,
        "lines": [
            {"cells": cells, "is_ours": row.is_ours}
            for row, cells in zip(group.rows, describe_group(params, group), strict=True)
        ],
    }


def _make_slide(comparison: Comparison, quality: int) -> dict[str, Any]:
    crop = choose_crop(
        comparison.reference,
        height_px=_SLIDER_HEIGHT_PX,
        width_px=_SLIDER_WIDTH_PX,
    )
    degraded = crop.cut(comparison.degraded, shrink=comparison.scale)
    # An input of full size is as large as the rest together, if kept without loss.
    is_small = comparison.scale > 1
    input_db = comparison.psnr_db.get("input")
    note = "as received" if input_db is None else f"{input_db:.2f} dB"
    source = _embed(degraded, quality=None if is_small else quality)
    versions = [{"name": "input", "note": note, "source": source}]
    for model, pixels in comparison.enhanced.items():
        note = f"{comparison.psnr_db[model]:.2f} dB"
        versions.append(
            {"name": model, "note": note, "source": _embed(crop.cut(pixels), quality=quality)}
        )
    reference = _embed(crop.cut(comparison.reference), quality=quality)
    versions.append({"name": "reference", "note": "undegraded", "source": reference})
    return {
        "key": comparison.key,
        "task": title_task(comparison.task),
        "is_small": is_small,
        "test_set": comparison.test_set,
        "width": crop.width_px,
        "height": crop.height_px,
        "is_whole": (crop.height_px, crop.width_px) == comparison.reference.shape[:2],
        "versions": versions,
    }


def _embed_figures(figures: Mapping[str, Drawing], quality: int) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "title": drawing.title,
            "caption": drawing.caption,
            "light": _embed(decode_image(drawing.light), quality=quality),
            "dark": _embed(decode_image(drawing.dark), quality=quality),
        }
        for name, drawing in figures.items()
    }


def _embed(pixels: Pixels, *, quality: int | None) -> str:
    stream = io.BytesIO()
    chosen = {"lossless": True, "quality": 60} if quality is None else {"quality": quality}
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="WEBP", method=4, **chosen)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
