"""A verdict as JUnit's XML: a test for each code, which fails with what was found."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from tracegen.verify.codes import CODES
from tracegen.verify.engine import Verdict
from tracegen.verify.report import said, scored, summary

#: What XML 1.0 cannot hold, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(verdict: Verdict) -> str:
    """One suite; ends in a newline."""
    failed = {each.code.id for each in verdict.findings if each.code.severity != "note"}
    suite = Element("testsuite", name="tracegen verify", tests=str(len(CODES)), failures=str(len(failed)), errors="0")
    for code in CODES.values():
        case = SubElement(suite, "testcase", classname="tracegen.verify", name=f"{code.id}: {code.title}")
        found = [each for each in verdict.findings if each.code is code]
        if code.id in failed:
            lines = [
                f"{each.subject}: {said(each)}" + (f" (trace {each.trace_id})" if each.trace_id else "")
                for each in found
            ]
            failure = SubElement(case, "failure", type=code.id, message=_clean(lines[0]))
            failure.text = _clean("\n".join([*lines, f"hint: {code.hint}"]))
    notes = [
        f"{each.code.id}: {each.subject}: {said(each)}" for each in verdict.findings if each.code.id not in failed
    ]
    words = [*notes, *verdict.untold, summary(verdict), scored(verdict)]
    SubElement(suite, "system-out").text = _clean("\n".join(words))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
