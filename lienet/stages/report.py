"""The stage ``report``: from what evaluate measured to Table 1, the figures and the page."""

from __future__ import annotations

import logging

from lienet.evaluation.benchmark import make_bootstrap
from lienet.files import replacing_folder, write_bytes, write_text
from lienet.params import Params
from lienet.report import side_tables as sheets
from lienet.report import tables
from lienet.report.attribution import write_attribution
from lienet.report.drawings import Material, draw_figures
from lienet.report.evaluations import read_evaluations, read_per_image
from lienet.report.features import load_feature_maps
from lienet.report.markdown import render_markdown
from lienet.report.old_photo_strengths import age_photographs
from lienet.report.page import render_page
from lienet.report.paired_differences import compare_ablations, compare_pairs
from lienet.report.pictures import load_comparisons
from lienet.report.real_photographs import load_real_photographs
from lienet.tracking.track import track_after_stage
from lienet.workspace import Workspace

_LOG = logging.getLogger(__name__)


def list_items(params: Params) -> list[str]:
    """Return the one item there is: the whole report."""
    return ["report"]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``table1.csv``, ``table1.md``, ``figures/`` and ``index.html`` under ``reports/``.

    And ``ATTRIBUTION.csv``, with the author of each photograph that was trained on.

    Raises:
        DataError: a method has not been evaluated, or what was kept of it does not fit.
    """
    evaluations = read_evaluations(params, workspace)
    per_image = read_per_image(workspace, evaluations)
    measured = tables.group_rows(params, evaluations)
    groups = [group.without_ablations for group in measured]
    nearest = tables.find_nearest(groups)
    bootstrap = make_bootstrap(params)
    pairs = compare_pairs(groups, per_image, bootstrap)
    ablations = compare_ablations(measured, per_image, bootstrap)
    beside = [
        *sheets.make_pair_sheets(params, pairs),
        *sheets.make_ablation_sheets(params, ablations),
        *sheets.make_identity_sheets(params, evaluations),
        *sheets.make_real_sheets(evaluations),
    ]
    comparisons = load_comparisons(params, workspace, groups, per_image)
    figures = draw_figures(
        params,
        Material(
            groups=groups,
            comparisons=comparisons,
            feature_maps=load_feature_maps(workspace, groups),
            aged=age_photographs(params, comparisons),
            real=load_real_photographs(params, workspace, evaluations),
        ),
    )

    reports = workspace.reports_dir
    write_text(reports / "table1.csv", tables.render_csv(measured))
    write_text(reports / "table1.md", render_markdown(params, groups, pairs, nearest, beside))
    with replacing_folder(reports / "figures") as folder:
        for name, drawing in figures.items():
            write_bytes(folder / f"{name}.png", drawing.light)
    page = render_page(params, groups, pairs, nearest, comparisons, figures, beside)
    write_text(reports / "index.html", page)
    num_credited = write_attribution(reports / "ATTRIBUTION.csv", params, workspace)
    _LOG.info("%d photographs are credited in %s", num_credited, reports / "ATTRIBUTION.csv")
    _LOG.info("report of %d methods at %s", len(evaluations), reports / "index.html")
    track_after_stage(params, workspace)
