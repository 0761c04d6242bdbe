"""`tracegen schema`."""

import click


@click.command(short_help="Print the JSON Schema of a spec, for editors.")
def command() -> None:
    """Print the JSON Schema of tracegen.yaml, with hover texts and examples.

    Every render writes it to .tracegen/schema.json too; in the spec, say:

    \b
      # yaml-language-server: $schema=.tracegen/schema.json
    """
    from tracegen.spec.editor import editor_schema

    click.echo(editor_schema(), nl=False)
