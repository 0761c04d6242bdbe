"""`tracegen completion`."""

import click


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
      bash:  tracegen completion bash > ~/.local/share/bash-completion/completions/tracegen
      zsh:   tracegen completion zsh > "${fpath[1]}/_tracegen"
      fish:  tracegen completion fish > ~/.config/fish/completions/tracegen.fish
    """
    from click.shell_completion import get_completion_class

    from tracegen.cli.entry import group

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(group, {}, "tracegen", "_TRACEGEN_COMPLETE").source())
