"""Rows as lines of text, their columns below each other."""

from collections.abc import Iterator, Sequence


def columns(rows: Sequence[Sequence[str]], numeric: Sequence[bool] = ()) -> Iterator[str]:
    """A line for each row, two blanks apart; `numeric` says which columns end at one place, of all others none do."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    ends = [*numeric, *([False] * (len(widths) - len(numeric)))]
    for row in rows:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, ends, strict=True)
        )
        yield f"  {'  '.join(cells)}".rstrip()
