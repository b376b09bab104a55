"""The stage ``report``: from what evaluate measured to Table 1, the figures and the page."""

from __future__ import annotations

import logging
from functools import partial

from lienet.evaluation.benchmark import paired_bootstrap
from lienet.files import replacing_folder, write_bytes, write_text
from lienet.params import Params
from lienet.report import tables
from lienet.report.evaluations import read_evaluations, read_per_image
from lienet.report.figures.figure6 import draw_figure6
from lienet.report.figures.figure7 import draw_figure7
from lienet.report.markdown import render_markdown
from lienet.report.page import Figures, render_page
from lienet.report.palette import DARK, LIGHT, Theme
from lienet.report.pictures import Comparison, load_comparisons
from lienet.workspace import Workspace

_LOG = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the one item there is: the whole report."""
    return ["report"]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``table1.csv``, ``table1.md``, ``figures/`` and ``index.html`` under ``reports/``.

    Raises:
        DataError: a model has not been evaluated, or what was kept of it does not fit.
    """
    evaluations = read_evaluations(params, workspace)
    per_image = read_per_image(workspace, evaluations)
    groups = tables.group_rows(params, evaluations)
    nearest = tables.find_nearest(groups)
    bootstrap = partial(
        paired_bootstrap,
        resamples=params.evaluate.bootstrap_resamples,
        confidence=params.evaluate.bootstrap_confidence,
        seed=params.seed,
    )
    pairs = tables.compare_pairs(groups, per_image, bootstrap)
    comparisons = load_comparisons(params, workspace, groups, per_image)
    figures = Figures(
        light=_draw_figures(params, groups, comparisons, LIGHT),
        dark=_draw_figures(params, groups, comparisons, DARK),
    )

    reports = workspace.reports_dir
    write_text(reports / "table1.csv", tables.render_csv(groups))
    write_text(reports / "table1.md", render_markdown(params, groups, pairs, nearest))
    with replacing_folder(reports / "figures") as folder:
        for name, png in figures.light.items():
            write_bytes(folder / f"{name}.png", png)
    page = render_page(params, groups, pairs, nearest, comparisons, figures)
    write_text(reports / "index.html", page)
    _LOG.info("report of %d models at %s", len(evaluations), reports / "index.html")


def _draw_figures(
    params: Params,
    groups: list[tables.Group],
    comparisons: list[Comparison],
    theme: Theme,
) -> dict[str, bytes]:
    shown = [
        group
        for group in groups
        if group.protocol == params.report.figure_protocols["sr"] and group.has_networks
    ]
    figures = {}
    if shown:
        figures["figure6"] = draw_figure6(shown, theme=theme)
    if comparisons:
        figures["figure7"] = draw_figure7(
            comparisons, crop_px=params.report.figure_crop_px, theme=theme
        )
    return figures
