"""Licence check before training: may these photographs train a network for this purpose?"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from lienet.errors import DataError
from lienet.params import IntendedUse
from lienet.params.licences import permits
from lienet.shards.reading import ShardIndex

logger = logging.getLogger(__name__)


def check_permission(item: str, intended: IntendedUse, indexes: Iterable[ShardIndex]) -> None:
    """Refuse, or warn of, training on photographs whose licence does not permit the purpose.

    Args:
        item: the model's key in params.
        intended: the purpose, and what follows where it is not permitted.
        indexes: of the splits that the model is trained and chosen on.

    Raises:
        DataError: naming every such source, unless params ask for a warning only.
    """
    if intended.purpose == "research":
        return
    task, remedy = "", ""
    named: dict[str, str] = {}
    for index in indexes:
        task = index.task
        uses = dict(index.sources)
        if index.num_images and not uses:
            raise DataError(
                f"the shards of {task} do not say what their photographs may be used for",
                remedy="run `lienet synthesize` again",
            )
        named |= {source: use for source, use in uses.items() if not permits(use, intended.purpose)}
    if not named:
        return
    sources = ", ".join(f"{source} ({use})" for source, use in sorted(named.items()))
    rule = f"{item} is for {intended.purpose} use, which is not permitted by {sources}"
    remedy = (
        f"leave them out of synthesize.tasks.{task}.sources, or state what you were permitted in "
        "their permitted_use, or set intended_use.when_not_permitted to warn"
    )
    if intended.when_not_permitted == "refuse":
        raise DataError(rule, remedy=remedy)
    logger.warning("%s", rule)
