"""`tracegen explain`."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import click

from tracegen.cli.explain_file import Origin, origin, output_named, owner_of
from tracegen.cli.explain_summary import shown, summary
from tracegen.cli.pipeline import compile_spec
from tracegen.cli.spec_argument import complete_subject, environment_option, nearest_spec
from tracegen.cli.terminal import loudness
from tracegen.compiler import Rendered
from tracegen.decide import Possible
from tracegen.source.files import is_file
from tracegen.source.words import did_you_mean, quoted
from tracegen.system import Decision


@click.command(short_help="Tell what was decided and why, or where a file comes from.")
@click.argument("words", nargs=-1, metavar="[SPEC] [KEY | FILE | CODE]", shell_complete=complete_subject)
@environment_option("Explain this environment.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(words: tuple[str, ...], environment: str | None, format_: str) -> int:
    """Tell what was decided and why.

    \b
      tracegen explain                      what the spec says, and what follows
      tracegen explain -v                   every decision
      tracegen explain backend.storage      those at and below a key
      tracegen explain sampling             how many traces are kept, and why
      tracegen explain collector/gateway.yaml   which keys and pack a file comes from
      tracegen explain TG401                what a problem means
    """
    if len(words) > 2:
        raise click.UsageError("at most a spec, and a key, file or code")
    if words and _is_code(words[-1]):
        return _explain_code(words[-1])
    spec, subject = _spec_and_subject(words)
    subject, environment = output_named(spec, subject, environment)
    rendered = compile_spec(spec, environment, strict=False)
    if subject in rendered.tree:
        return _explain_file(origin(rendered, subject, spec, environment), format_)
    if subject == "sampling":
        return _explain_sampling(rendered, format_)
    return _explain_key(rendered, subject, format_)


def _explain_sampling(rendered: Rendered, format_: str) -> int:
    from tracegen.cli.explain_sampling import as_data, as_text, grounds

    if format_ == "json":
        decisions = [_as_data(each) for each in grounds(rendered)]
        click.echo(json.dumps({**as_data(rendered), "decisions": decisions}, indent=2))
    else:
        click.echo("\n".join(as_text(rendered)))
        _print(grounds(rendered))
    return 0


def _spec_and_subject(words: tuple[str, ...]) -> tuple[str, str]:
    if len(words) == 2:
        return words[0], words[1]
    if not words:
        return nearest_spec(), ""
    if _is_spec(words[0]):
        return words[0], ""
    spec = nearest_spec()
    above = Path(spec).parent
    if above != Path() and Path(words[0]).exists():
        return spec, os.path.relpath(words[0], above)
    return spec, words[0]


def _is_spec(word: str) -> bool:
    """A file that names a format version; a rendered file in the same folder does not."""
    if word == "-":
        return True
    path = Path(word)
    if is_file(path):
        return any(line.startswith(b"tracegen:") for line in path.read_bytes().splitlines())
    return path.suffix in (".yaml", ".yml") and "/" not in word and not is_file(Path(nearest_spec()))


def _explain_key(rendered: Rendered, key: str, format_: str) -> int:
    decisions = [each for each in rendered.settings.origin.decisions if _is_below(each.path, key)]
    if not decisions and is_file(Path(key)):
        click.echo(f"{key}\n    {owner_of(key)}")
        return 0
    service = key.split(".")[1:2] if key.startswith("services.") else []
    is_known = not service or service[0] in rendered.settings.services
    possible = rendered.settings.origin.possible(key) if is_known and not decisions else None
    if possible:
        return _explain_possible(key, possible, format_)
    if not decisions:
        hint = _nearest(key, rendered) or "name a key of the spec or a rendered file"
        raise click.UsageError(f"nothing was decided at {quoted(key)}, and no file is called so\n  hint: {hint}")
    if format_ == "json":
        click.echo(json.dumps([_as_data(each) for each in decisions], indent=2))
    elif key or loudness() == "verbose":
        _print(decisions)
    else:
        click.echo("\n".join(summary(decisions)))
    return 0


def _explain_possible(key: str, possible: Possible, format_: str) -> int:
    """A key that nothing asks for here, since what it belongs to is not said or not chosen."""
    if format_ == "json":
        defaults = [{"default": value, "why": why} for value, why in possible.defaults]
        click.echo(
            json.dumps([{"path": key, "value": None, "why": "decides nothing here", "defaults": defaults}], indent=2)
        )
        return 0
    click.echo(f"{key}: decides nothing here\n    {possible.description}")
    for value, why in possible.defaults:
        click.echo(f"    where it does: {shown(value)} ({why})")
    return 0


def _nearest(key: str, rendered: Rendered) -> str:
    """A hint with the key that was meant: one of as many parts before one below it; or a file."""
    paths = [each.path.split(".") for each in rendered.settings.origin.decisions]
    of_its_depth = {".".join(path[: key.count(".") + 1]) for path in paths}
    return did_you_mean(key, of_its_depth) or did_you_mean(
        key, {".".join(path) for path in paths} | set(rendered.tree)
    )


def _print(decisions: Iterable[Decision]) -> None:
    for each in decisions:
        click.echo(f"{each.path}: {shown(each.value)}\n    {_ground(each)}")


def _is_below(path: str, key: str) -> bool:
    return not key or path == key or path.startswith((f"{key}.", f"{key}["))


def _ground(decision: Decision) -> str:
    if decision.place:
        return f"said in {decision.place.file}:{decision.place.line}"
    return decision.why


def _as_data(decision: Decision) -> dict[str, object]:
    place = decision.place
    said = {"file": place.file, "line": place.line, "column": place.column} if place else None
    return {"path": decision.path, "value": decision.value, "why": decision.why, "said": said}


def _explain_file(origin: Origin, format_: str) -> int:
    if format_ == "json":
        click.echo(json.dumps(origin.as_data(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(origin.as_text()))
    return 0


def _is_code(word: str) -> bool:
    return len(word) == 5 and word[:2].upper() == "TG" and word[2:].isdigit()


def _explain_code(code: str) -> int:
    from tracegen.cli.problem_page import section

    text = section(code.upper())
    if not text:
        raise click.UsageError(f"there is no problem {code}")
    click.echo(text)
    return 0
