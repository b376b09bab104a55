"""``python -m flows.engine``: Prefect's engine for one flow run, which waits for its server.

The work pool has the workers run it, in place of Prefect's own.
"""

from __future__ import annotations

import runpy

from flows.outages import outlast_outages

COMMAND = "python -m flows.engine"
"""As the work pool names it; ``flows.worker`` sees to it that this finds Python and ``flows``."""


if __name__ == "__main__":
    outlast_outages()
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
