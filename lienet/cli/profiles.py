"""The verbs of profiles on the command line: list, use.

As in :mod:`lienet.cli`, imports stay inside the verbs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line, as those of ``profile``."""
    profile = typer.Typer(help="Ready-made sets of params.", no_args_is_help=True)
    profile.command("list")(profile_list)
    profile.command("use")(profile_use)
    app.add_typer(profile, name="profile")


def profile_list() -> None:
    """List the profiles; an asterisk marks the one in use."""
    from lienet.params.profiles import find_active, read_profiles
    from lienet.workspace import Workspace

    workspace = Workspace.find(Path.cwd())
    profiles = read_profiles(workspace)
    active = find_active(workspace, profiles)
    for profile in profiles:
        data = "  (needs --data DIR)" if profile.needs_data else ""
        typer.echo(f"{'*' if profile is active else ' '} {profile.name:8} {profile.summary}{data}")
    if active is None:
        typer.echo("params.yaml holds choices that are in no profile")


def profile_use(
    name: Annotated[str, typer.Argument(help="The profile, as `profile list` names it.")],
    data: Annotated[
        Path | None, typer.Option(help="The folder of photographs, for profiles that need one.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Replace an edited params.yaml, kept as params.yaml.bak.")
    ] = False,
) -> None:
    """Copy a profile over params.yaml."""
    from lienet.params.profiles import use_profile
    from lienet.workspace import Workspace

    kept = use_profile(Workspace.find(Path.cwd()), name, data_dir=data, is_forced=force)
    if kept is not None:
        typer.echo(f"the former params.yaml is kept as {kept.name}")
    typer.echo(f"params.yaml is now the profile {name}; `dvc repro` runs it")
