"""The stage ``report``: from what evaluate measured to Table 1, the figures and the page."""

from __future__ import annotations

import logging

from lienet.durations import read_durations
from lienet.evaluation.timings import read_timings
from lienet.files import replacing_folder, write_bytes, write_json, write_text
from lienet.params import Params
from lienet.report import side_tables as sheets
from lienet.report import tables
from lienet.report.attribution import write_attribution
from lienet.report.drawings import Material, draw_figures
from lienet.report.duration_tables import make_duration_sheets
from lienet.report.dvc_metrics import list_dvc_metrics
from lienet.report.evaluations import read_evaluations, read_per_image
from lienet.report.features import load_feature_maps
from lienet.report.format_tables import compare_formats, make_format_sheets, read_all_costs
from lienet.report.image_scores import render_image_scores
from lienet.report.markdown import render_markdown
from lienet.report.old_photo_strengths import age_photographs
from lienet.report.page import render_page
from lienet.report.paired_differences import compare_ablations, compare_pairs
from lienet.report.pictures import load_comparisons
from lienet.report.privacy_sheet import make_privacy_sheets
from lienet.report.real_photographs import load_real_photographs
from lienet.report.seeds import find_first, merge_seeds
from lienet.report.timing_sheet import make_timing_sheets
from lienet.screening.counts import read_counts
from lienet.tracking.track import track_after_stage
from lienet.workspace import Workspace

_LOG = logging.getLogger(__name__)
BROWSER_PAGE = "web/index.html"
"""The page that enhances pictures in a browser, below the reports."""


def list_items(params: Params) -> list[str]:
    """Return the one item there is: the whole report."""
    return ["report"]


def run(params: Params, workspace: Workspace, item: str) -> None:
    """Write ``table1.csv``, ``table1.md``, ``figures/`` and ``index.html`` under ``reports/``.

    And ``per_image.csv``, every score of every image; ``metrics/``, a few figures of each method
    for DVC; and ``ATTRIBUTION.csv``, with the author of each photograph that was trained on.

    Raises:
        DataError: a method has not been evaluated, or what was kept of it does not fit.
    """
    evaluations = read_evaluations(params, workspace)
    per_image = read_per_image(workspace, evaluations)
    costs = read_all_costs(params, workspace)
    timings = [read_timings(workspace, task) for task in params.report.figure_protocols]
    measured = tables.group_rows(params, evaluations, costs)
    firsts = [each for each in evaluations if find_first(params, each) == each.model]
    single = [group.without_ablations for group in tables.group_rows(params, firsts, costs)]
    merged = merge_seeds(params, measured, per_image)
    groups = [group.without_ablations for group in merged]
    confidence = params.evaluate.confidence
    pairs = compare_pairs(groups, per_image, confidence=confidence, chosen=params.report.compare)
    ablations = compare_ablations(merged, per_image, confidence=confidence)
    beside = [
        *sheets.make_pair_sheets(params, pairs),
        *sheets.make_ablation_sheets(params, ablations),
        *make_format_sheets(params, costs),
        *sheets.make_order_sheets(params, compare_formats(params, workspace, costs)),
        *sheets.make_identity_sheets(params, firsts),
        *sheets.make_real_sheets(firsts),
        *make_timing_sheets(each for each in timings if each is not None),
        *make_privacy_sheets(read_counts(workspace, params.download.sources)),
    ]
    comparisons = load_comparisons(params, workspace, single, per_image)
    figures = draw_figures(
        params,
        Material(
            groups=single,
            comparisons=comparisons,
            feature_maps=load_feature_maps(workspace, single),
            aged=age_photographs(params, comparisons),
            real=load_real_photographs(params, workspace, evaluations),
        ),
    )

    reports = workspace.reports_dir
    write_text(reports / "table1.csv", tables.render_csv(merged))
    image_scores = render_image_scores(params, evaluations, per_image)
    write_text(reports / "per_image.csv", image_scores)
    write_text(reports / "table1.md", render_markdown(params, groups, pairs, beside))
    with replacing_folder(workspace.metrics_dir) as folder:
        for name, metrics in list_dvc_metrics(params, evaluations):
            write_json(folder / name, metrics)
    with replacing_folder(reports / "figures") as folder:
        for name, drawing in figures.items():
            write_bytes(folder / f"{name}.png", drawing.light)
    durations = make_duration_sheets(read_durations(workspace))
    is_there = (reports / BROWSER_PAGE).is_file()  # `make web` writes it, which is no stage
    page = render_page(
        *(params, groups, pairs, comparisons, figures, [*beside, *durations]),
        browser_page=BROWSER_PAGE if is_there else None,
    )
    write_text(reports / "index.html", page)
    num_credited = write_attribution(reports / "ATTRIBUTION.csv", params, workspace)
    _LOG.info("%d photographs are credited in %s", num_credited, reports / "ATTRIBUTION.csv")
    _LOG.info("report of %d methods at %s", len(evaluations), reports / "index.html")
    track_after_stage(params, workspace)
