"""What was probably meant by a command that there is not: a misspelled one, or the word of another tool."""

from collections.abc import Iterable

from tracegen.source.words import did_you_mean

_ELSEWHERE = {
    "new": ("init", "create", "begin", "start", "scaffold", "wizard"),
    "new --from": ("import", "convert", "from", "detect"),
    "render": ("generate", "gen", "build", "apply", "write", "sync", "compile"),
    "render --plan": ("plan", "dry-run", "preview"),
    "render --check": ("drift", "status"),
    "render --watch": ("watch",),
    "validate": ("check", "lint", "test"),
    "validate --fix": ("fix", "repair"),
    "fmt": ("format",),
    "explain": ("why", "show", "describe", "config", "get"),
    "update": ("upgrade", "migrate"),
    "packs": ("list", "ls", "versions", "languages"),
    "run": ("up", "serve", "dev"),
    "view": ("ui", "web", "open", "dashboard", "receive"),
    "rehearse": ("simulate", "load", "send"),
    "traces": ("spans", "query", "trace"),
    "doctor": ("diagnose", "debug", "health"),
    "add service": ("service",),
    "completion": ("completions", "autocomplete"),
    "--version": ("version",),
}


def meant(word: str, commands: Iterable[str]) -> str:
    """A hint for a word that is no command."""
    for command, words in _ELSEWHERE.items():
        if word.lower() in words:
            return f"did you mean `tracegen {command}`?"
    return (
        did_you_mean(word, commands).replace("'", "`tracegen ", 1).replace("'", "`") or "`tracegen --help` lists them"
    )
