"""A chart of all goals as plain SVG: a bar is the share of what its goal allows, so that one line is the goal of all of them."""

from __future__ import annotations

from html import escape

from figures import Reached
from rows import Row

_LABEL, _BARS, _FIGURES, _LINE, _TOP, _BOTTOM = 320, 420, 260, 24, 56, 46
_WIDEST = 1.75  # of the goal; a longer bar is cut and ends in an arrow
_COLOURS = {"moonshot": "#1a7f5a", "reached": "#3b82c4", "not reached": "#c4622d"}
_STYLE = ("text{font:13px system-ui,sans-serif;fill:#24292f}.t{font-size:16px;font-weight:600}.s{fill:#57606a}.f{font-variant-numeric:"
          "tabular-nums}.m{stroke:#24292f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}.m{stroke:#e6edf3}}")


def svg(judged: list[tuple[Row, Reached]]) -> str:
    width, height = _LABEL + _BARS + _FIGURES, _TOP + _LINE * len(judged) + _BOTTOM
    bottom = _TOP + _LINE * len(judged) + 4
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
             f"<title>How much of what its goal allows each measured row takes</title><style>{_STYLE}</style>",
             '<text class="t" x="8" y="22">How much of what its goal allows each row takes</text>',
             '<text class="s" x="8" y="42">Shorter is better. The line is the goal, a tick the moonshot.</text>']
    for share in (0.25, 0.5, 0.75, 1.25, 1.5):
        parts.append(_vertical(_x(share), _TOP - 4, bottom, "#8886", 1))
        parts.append(f'<text class="s" x="{_x(share):.0f}" y="{bottom + 18}" text-anchor="middle">{share:g}</text>')
    for number, (row, reached) in enumerate(judged):
        parts += _bar(row, reached, _TOP + _LINE * number)
    parts.append(_vertical(_x(1), _TOP - 8, bottom + 4, "#d1242f", 2))
    parts.append(f'<text x="{_x(1):.0f}" y="{bottom + 18}" text-anchor="middle">goal</text>')
    x = 8
    for verdict, colour in _COLOURS.items():
        parts.append(f'<rect x="{x}" y="{height - 16}" width="11" height="11" rx="2" fill="{colour}"/>'
                     f'<text x="{x + 16}" y="{height - 6}">{verdict}</text>')
        x += 110
    return "\n".join([*parts, "</svg>", ""])


def _bar(row: Row, reached: Reached, y: float) -> list[str]:
    goal, length = reached.goal, min(reached.share, _WIDEST) * _BARS / _WIDEST
    colour, middle = _COLOURS[reached.verdict], y + _LINE / 2
    unit = f" {goal.unit}" if goal.unit else f" × {goal.reference}"
    figure = f"{reached.figure.middle:.3g}{unit} ({'≥' if goal.at_least else '≤'} {goal.reach:g})"
    parts = [f'<text x="{_LABEL - 10}" y="{middle + 4.5:.1f}" text-anchor="end">{escape(f"{row.name}: {goal.what}")}</text>',
             f'<rect x="{_LABEL}" y="{y + 4:.1f}" width="{length:.1f}" height="{_LINE - 8}" rx="2" fill="{colour}"/>',
             f'<text class="f" x="{_LABEL + _BARS + 14}" y="{middle + 4.5:.1f}">{escape(figure)}</text>']
    moonshot = _x(goal.reach / goal.moonshot if goal.at_least else goal.moonshot / goal.reach)
    parts.append(f'<line class="m" x1="{moonshot:.1f}" x2="{moonshot:.1f}" y1="{y + 3}" y2="{y + _LINE - 3}" stroke-width="2"/>')
    if reached.share > _WIDEST:
        end = _LABEL + _BARS
        parts.append(f'<path d="M{end} {y + 2} l8 {_LINE / 2 - 2} l-8 {_LINE / 2 - 2} z" fill="{colour}"/>')
    return parts


def _x(share: float) -> float:
    return _LABEL + share * _BARS / _WIDEST


def _vertical(x: float, top: float, bottom: float, colour: str, width: int) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="{colour}" stroke-width="{width}"/>'
