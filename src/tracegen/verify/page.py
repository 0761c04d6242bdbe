"""A verdict as one page of HTML that needs nothing else: no script, no address."""

from html import escape

from tracegen.verify.engine import Verdict
from tracegen.verify.finding import Finding
from tracegen.verify.report import line, said, scored, summary

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
li { margin: 1rem 0; overflow-wrap: anywhere }
.error { color: light-dark(#a00, #f88) }
.warning { color: light-dark(#850, #fc6) }
code { font-family: ui-monospace, monospace }
"""


def as_html(verdict: Verdict, name: str) -> str:
    """The page; `name` is the system's. Ends in a newline."""
    title = f"Traces of {name}" if name else "Traces"
    found = "\n".join(_finding(each) for each in verdict.findings)
    untold = "\n".join(f"<li>{_text(words)}</li>" for words in verdict.untold)
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p>{_text(summary(verdict))}</p>",
        f"<p>{_text(scored(verdict))}</p>",
        f"<h2>Findings</h2>\n<ol>\n{found}\n</ol>" if found else "",
        f"<h2>Not told</h2>\n<ul>\n{untold}\n</ul>" if untold else "",
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_text(title)}</title><style>{_STYLE}</style>"
    )
    body = "\n".join(filter(None, parts))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _finding(finding: Finding) -> str:
    evidence = f"<br>trace <code>{_text(finding.trace_id)}</code>" if finding.trace_id else ""
    code = finding.code
    return (
        f'<li><strong class="{code.severity}">{code.severity}: {code.id}</strong> {_text(code.title)}'
        f"<br>{_text(finding.subject)}: {_text(said(finding))}{evidence}<br>{_text(code.hint)}</li>"
    )


def _text(text: str) -> str:
    return escape(line(text))
