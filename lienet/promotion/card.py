"""The card that a registered model carries: what it is for, what it was made of, and its limits.

Text from plain values; it claims nothing that the reports and the shards' indices do not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lienet.promotion.latency import LatencyComparison
from lienet.text_tables import to_markdown

_LIMITS = (
    "Detail is plausible, not recovered: do not use it to identify people or as evidence.",
    "It was trained on one synthetic degradation; photographs degraded otherwise may get worse.",
    "8-bit RGB; the server takes images whole, and refuses large ones and those with alpha.",
)


def write_card(
    *,
    facts: Mapping[str, Any],
    data: Mapping[str, Mapping[str, Any]],
    protocols: Mapping[str, Mapping[str, Any]],
    licence: str,
    purpose: str,
    privacy: Mapping[str, str],
    latency: LatencyComparison | None = None,
) -> str:
    """Return the card as Markdown.

    Args:
        facts: what ``reports/evaluate/<task>/<model>.json`` says.
        data: by split: ``sha256``, ``num_samples``, ``num_images`` and ``sources``, a mapping from
            a source to what its photographs may be used for.
        protocols: the definitions of those in the results.
        licence: what holds for network and weights.
        purpose: what the network does, behind "This network".
        privacy: by source, how its photographs were looked at for faces and text.
        latency: beside the task's reference network, if there is one.
    """
    height_px, width_px = facts["macs_output_px"]
    lines = [
        f"# {facts['model']} ({facts['task']})",
        "",
        f"This network {purpose}. Architecture `{facts['architecture']}`, scale "
        f"{facts['scale']} per side, {facts['num_params']:,} parameters, "
        f"{facts['num_macs'] / 1e9:.2f} G multiply-adds for {width_px}x{height_px} px of output; "
        f"{_describe_latency(latency)}"
        f"trained for {facts['steps']:,} steps.",
        "",
        "## Data and licences",
        "",
        _describe_data(data),
        "",
        *(f"- `{source}`: {said}" for source, said in privacy.items()),
        *([""] if privacy else []),
        licence,
        "",
        "## Protocols and results",
        "",
        _describe_results(facts["results"]),
        "",
        *(_describe_protocol(name, each) for name, each in protocols.items()),
        "",
        "Gains are over the task's baseline, means of differences on the same images with "
        "Student's t intervals over images, 95% unless params say otherwise.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in _LIMITS),
    ]
    return "\n".join(lines) + "\n"


def _describe_latency(latency: LatencyComparison | None) -> str:
    if latency is None:
        return ""
    height_px, width_px = latency.input_px
    return (
        f"{latency.latency_ms:.1f} ms for {width_px}x{height_px} px of input on one thread, "
        f"{latency.ratio:.3f} times the {latency.reference_ms:.1f} ms of {latency.reference}; "
    )


def _describe_data(data: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [
            split,
            f"{index['num_samples']:,}",
            f"{index['num_images']:,}",
            ", ".join(f"{name}: {use}" for name, use in index["sources"].items()),
            f"`{index['sha256'][:12]}`",
        ]
        for split, index in data.items()
    ]
    titles = ["split", "samples", "images", "sources and permitted use", "SHA-256"]
    return to_markdown(titles, rows, numbers=(1, 2))


def _describe_results(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    rows = [
        [
            protocol,
            test_set,
            str(result["num_images"]),
            f"{result['psnr_db']:.3f}",
            f"{result['psnr_gain_db']:+.3f} "
            f"[{result['psnr_gain_low_db']:+.3f}, {result['psnr_gain_high_db']:+.3f}]",
            f"{result['ssim']:.4f}",
            "-" if result["vmaf"] is None else f"{result['vmaf']:.2f}",
        ]
        for protocol, sets in results.items()
        for test_set, result in sets.items()
    ]
    titles = ["protocol", "test set", "images", "PSNR (dB)", "gain (dB)", "SSIM", "VMAF"]
    return to_markdown(titles, rows, numbers=range(2, 7))


def _describe_protocol(name: str, protocol: Mapping[str, Any]) -> str:
    values = [
        f"{key} {value}" for key, value in protocol.items() if value is not None and key != "task"
    ]
    return f"- `{name}`: {', '.join(values)}"
