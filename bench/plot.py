"""Curves on logarithmic axes as an SVG file, so that growth can be seen and not only read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 440, 70, 20, 190, 50
COLOURS = ("#1b5e20", "#0d47a1", "#b71c1c", "#4a148c", "#e65100", "#006064", "#37474f", "#880e4f")

Curve = Sequence[tuple[float, float]]


def draw(path: Path, title: str, across: str, up: str, curves: Mapping[str, Curve]) -> None:
    """Write the curves; each bears its name at its end, so that no colour need be told from another.

    Args:
        path: The file.
        title: What is seen.
        across: What the horizontal axis counts.
        up: What the vertical axis counts.
        curves: Name -> points, all above zero.
    """
    points = [point for curve in curves.values() for point in curve]
    x_low, x_high = _decades(x for x, _ in points)
    y_low, y_high = _decades(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT),
            TOP + (y_high - math.log10(y)) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM),
        )

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
            '<rect width="100%" height="100%" fill="#fff"/>'
        )
    ]
    for decade in range(x_low, x_high + 1):
        x, bottom = place(10**decade, 10**y_low)
        parts.append(f'<path d="M{x:.0f} {TOP}V{bottom:.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{bottom + 18:.0f}" text-anchor="middle">{_number(decade)}</text>')
    for decade in range(y_low, y_high + 1):
        left, y = place(10**x_low, 10**decade)
        parts.append(f'<path d="M{left:.0f} {y:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8:.0f}" y="{y + 4:.0f}" text-anchor="end">{_number(decade)}</text>')
    labels = _apart({name: place(*curve[-1])[1] for name, curve in curves.items()})
    for (name, curve), colour in zip(curves.items(), COLOURS * 3, strict=False):
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{labels[name]:.0f}" fill="{colour}">{escape(name)}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>'
    )
    parts.append(
        f'<text transform="translate(16 {HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(up)}</text>'
    )
    path.write_text("\n".join([*parts, "</svg>", ""]), "utf-8")


def _decades(values: Iterable[float]) -> tuple[int, int]:
    """The powers of ten around some values."""
    logs = [math.log10(value) for value in values]
    low, high = math.floor(min(logs)), math.ceil(max(logs))
    return low, max(high, low + 1)


def _number(decade: int) -> str:
    return f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}"


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The heights of labels, moved so far that none covers another."""
    placed: dict[str, float] = {}
    last = -math.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = placed[name] = max(height + 4, last + 14)
    return placed
