"""`skede completion`: the script that lets a shell complete commands, options and arguments."""

import sys

import click

from engine.cli.options import Shell, pass_shell

_START_FILES = {
    "bash": 'eval "$(skede completion bash)"  # ~/.bashrc',
    "zsh": 'eval "$(skede completion zsh)"  # ~/.zshrc',
    "fish": "skede completion fish | source  # ~/.config/fish/config.fish",
}


@click.command()
@click.argument("shell_name", metavar="bash|zsh|fish", type=click.Choice(list(_START_FILES)))
@pass_shell
def completion(shell: Shell, shell_name: str) -> None:
    """Print the completion script of a shell.

    The line to add to the shell's start file is said on stderr, when a person is looking.
    """
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    from engine.cli.main import cli

    kinds: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    script = kinds[shell_name](cli, {}, "skede", "_SKEDE_COMPLETE")
    click.echo(script.source_template % script.source_vars())
    if sys.stdout.isatty():
        shell.tell("completion_hint", line=_START_FILES[shell_name])
