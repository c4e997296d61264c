"""Charts as SVG of our own: told apart by place and pattern as well as by colour, each with a title and a summary.

Every chart goes with a table of the same numbers, which the page's template writes below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

INK, PLAIN, LINE = "#1b1b1b", "#1b4f72", "#767676"
_FILLS = ("solid", "hatch", "blank")
_LEFT, _TOP, _ROW, _WIDE = 190, 8, 44, 760
_MOST_LABELS = 12


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with what it says in words and in numbers.

    Attributes:
        id: Unique in its page.
        svg: The drawing, its texts escaped.
        head: The columns of the table; the first names the rows.
        rows: The rows, their first cell a heading.
    """

    id: str
    title: str
    summary: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def strips(name: str, title: str, summary: str, labels: Sequence[str], rows: Mapping[str, Sequence[int]]) -> str:
    """A row of bars per series below each other on one scale, so that no colour has to tell them apart."""
    most = max((max(values) for values in rows.values()), default=0) or 1
    height = _TOP + _ROW * len(rows) + 24
    width = _LEFT + _WIDE + 60
    step = _WIDE / max(1, len(labels))
    parts = [_open(name, title, summary, width, height)]
    for number, (series, values) in enumerate(rows.items()):
        base = _TOP + _ROW * (number + 1) - 8
        parts.append(_text(0, base, series))
        parts.append(f'<line x1="{_LEFT}" y1="{base}" x2="{_LEFT + _WIDE}" y2="{base}" stroke="{LINE}"/>')
        for place, value in enumerate(values):
            if value:
                high = max(2.0, (_ROW - 12) * value / most)
                x, y = _LEFT + place * step, base - high
                wide = max(1.0, step - 1)
                parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{PLAIN}">'
                             f"<title>{escape(f'{series}, {labels[place]}: {value}')}</title></rect>")  # fmt: skip
        parts.append(_text(_LEFT + _WIDE + 8, base, str(values[-1]), bold=True))
    parts += _axis(labels, _LEFT, step, height - 6)
    return "".join([*parts, "</svg>"])


def groups(
    name: str, title: str, summary: str, labels: Sequence[str], series: Mapping[str, Sequence[float]],
    texts: Mapping[str, Sequence[str]],
) -> str:  # fmt: skip
    """Bars side by side per label, one for each series, each series with a pattern of its own and a legend.

    Args:
        name: Unique in its page.
        title: What the chart is called.
        summary: What it says.
        labels: The groups.
        series: Name of a series -> one value per group.
        texts: The same values as they are written.
    """
    most = max((max(values) for values in series.values()), default=0) or 1
    tall, width = 220, 80 + 780 + 20
    step = 780 / max(1, len(labels))
    wide = min(48.0, step * 0.8 / max(1, len(series)))
    parts = [_open(name, title, summary, width, tall + 64), _patterns(name)]
    for order, (one, values) in enumerate(series.items()):
        x = 80 + order * 220
        parts.append(f'<rect x="{x}" y="4" width="16" height="16" {_fill(name, order)}/>' + _text(x + 24, 17, one))
        for place, value in enumerate(values):
            if value:
                high = max(2.0, (tall - 24) * value / most)
                at = 80 + place * step + order * wide + (step - wide * len(series)) / 2
                told = escape(f"{one}, {labels[place]}: {texts[one][place]}")
                parts.append(f'<rect x="{at:.1f}" y="{tall + 32 - high:.1f}" width="{wide - 2:.1f}" '
                             f'height="{high:.1f}" {_fill(name, order)}><title>{told}</title></rect>')  # fmt: skip
    base = tall + 32
    parts.append(f'<line x1="80" y1="{base}" x2="860" y2="{base}" stroke="{LINE}"/>')
    parts += _axis(labels, 80, step, base + 20)
    return "".join([*parts, "</svg>"])


def lengths(
    name: str, title: str, summary: str, rows: Sequence[tuple[str, int, str]], *, left: int = 330, wide: int = 420
) -> str:
    """Bars that lie: what, how long, and the length in words at the end of the bar."""
    most = max((value for _, value, _ in rows), default=0) or 1
    height = _TOP + 26 * len(rows) + 4
    parts = [_open(name, title, summary, left + wide + 150, height)]
    for number, (label, value, told) in enumerate(rows):
        y = _TOP + 26 * number
        long = max(2.0, wide * value / most)
        parts.append(_text(0, y + 15, label))
        parts.append(f'<rect x="{left}" y="{y}" width="{long:.1f}" height="18" fill="{PLAIN}"/>')
        parts.append(_text(round(left + long + 8), y + 14, told))
    return "".join([*parts, "</svg>"])


def _open(name: str, title: str, summary: str, width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="{name}-t {name}-d" font-family="sans-serif" font-size="14">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(summary)}</desc>'
    )


def _patterns(name: str) -> str:
    return (
        f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="6" height="6" fill="#ffffff"/>'
        f'<rect width="3" height="6" fill="#8a4b00"/></pattern></defs>'
    )


def _fill(name: str, order: int) -> str:
    kind = _FILLS[order % len(_FILLS)]
    edge = f'stroke="{INK}" stroke-width="1"'
    paint = {"solid": PLAIN, "hatch": f"url(#{name}-hatch)", "blank": "#ffffff"}[kind]
    return f'fill="{paint}" {edge}'


def _axis(labels: Sequence[str], left: float, step: float, y: float) -> list[str]:
    """Labels below the bars, as many as there is room for."""
    every = max(1, -(-len(labels) // _MOST_LABELS))
    return [
        _text(round(left + place * step + step / 2), round(y), label, middle=True)
        for place, label in enumerate(labels) if place % every == 0
    ]  # fmt: skip


def _text(x: float, y: float, text: str, *, bold: bool = False, middle: bool = False) -> str:
    more = (' font-weight="bold"' if bold else "") + (' text-anchor="middle"' if middle else "")
    return f'<text x="{x}" y="{y}" fill="{INK}"{more}>{escape(text)}</text>'
