"""Draws a workflow: as text for Mermaid and Graphviz, and as an SVG of our own that needs neither.

Arrows of the same two states are one; a dashed arrow returns from a side step; in the SVG, events that stay in
their state are told in the state's tooltip. Nothing here runs in a browser: no scripts, no links, all text escaped.
"""

from collections.abc import Iterable
from html import escape
from textwrap import wrap

from engine.core.definition import Definition
from engine.core.layout import GAP, HEAD, HEIGHT, MARGIN, WIDTH, Arrow, Sheet, arrows, by_phase, lay_out

_WORDS = {
    "sv": {"current": "ärendet är här", "visited": "besökt", "arrows": "Övergångar", "stays": "stannar kvar"},
    "en": {"current": "the case is here", "visited": "visited", "arrows": "Transitions", "stays": "stays"},
}
_FILL = {"current": "#1b4f72", "visited": "#d6e6f2", "plain": "#ffffff"}
_INK = {"current": "#ffffff", "visited": "#1a1a1a", "plain": "#1a1a1a"}


def mermaid(
    definition: Definition, lang: str, current: str | None = None, visited: frozenset[str] = frozenset()
) -> str:
    """The workflow as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    direction LR"]
    for phase, states in by_phase(definition).items():
        lines.append(f'    state "{_mermaid(definition.phases[phase][lang])}" as phase_{phase} {{')
        lines += [f'        state "{_mermaid(definition.states[s].title[lang])}" as s_{s}' for s in states]
        lines.append("    }")
    for move in definition.openings():
        lines.append(f"    [*] --> s_{move.target} : {_mermaid(move.title[lang])}")
    for arrow in arrows(definition, lang, loops=True):
        label = " / ".join(_mermaid(title) for title in arrow.titles)
        lines.append(f"    s_{arrow.source} --> s_{arrow.target} : {'↩ ' if arrow.back else ''}{label}")
    lines += [f"    s_{name} --> [*]" for name, state in definition.states.items() if state.final]
    for kind in ("visited", "current"):
        marked = [name for name in definition.states if _kind(name, current, visited) == kind]
        if marked:
            lines.append(f"    classDef {kind} fill:{_FILL[kind]},color:{_INK[kind]}")
            lines += [f"    class s_{name} {kind}" for name in marked]
    return "\n".join(lines) + "\n"


def _mermaid(text: str) -> str:
    return "".join(c if c.isalnum() or c in " -–().,/…’" else f"#{ord(c)};" for c in _plain(text))


def dot(definition: Definition, lang: str, current: str | None = None, visited: frozenset[str] = frozenset()) -> str:
    """The workflow as a Graphviz digraph."""
    lines = [
        f"digraph {_dot(definition.name)} {{",
        f'    graph [rankdir=LR, label={_dot(definition.title[lang])}, fontname="sans-serif"]',
        '    node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"]',
        '    edge [fontname="sans-serif", fontsize=10]',
        '    _start [shape=point, label=""]',
    ]
    for phase, states in by_phase(definition).items():
        lines.append(f"    subgraph cluster_{phase} {{")
        lines.append(f"        label={_dot(definition.phases[phase][lang])}")
        for name in states:
            kind = _kind(name, current, visited)
            more = ", peripheries=2" if definition.states[name].final else ""
            colours = f'fillcolor="{_FILL[kind]}", fontcolor="{_INK[kind]}"'
            lines.append(f"        s_{name} [label={_dot(definition.states[name].title[lang])}, {colours}{more}]")
        lines.append("    }")
    lines += [f"    _start -> s_{move.target} [label={_dot(move.title[lang])}]" for move in definition.openings()]
    for arrow in arrows(definition, lang, loops=True):
        style = ", style=dashed" if arrow.back else ""
        lines.append(f"    s_{arrow.source} -> s_{arrow.target} [label={_dot(' / '.join(arrow.titles))}{style}]")
    return "\n".join([*lines, "}"]) + "\n"


def _dot(text: str) -> str:
    escaped = _plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _kind(state: str, current: str | None, visited: frozenset[str]) -> str:
    return "current" if state == current else "visited" if state in visited else "plain"


def svg(definition: Definition, lang: str, current: str | None = None, visited: frozenset[str] = frozenset()) -> str:
    """The workflow as an accessible SVG: titled, described in words, and readable without colour."""
    drawn = arrows(definition, lang)
    sheet, words, key = lay_out(definition, drawn), _WORDS[lang], f"{definition.name}-{definition.version}"
    width, height = 2 * MARGIN + len(sheet.columns) * (WIDTH + GAP) - GAP, sheet.bottom + 12
    told = "; ".join(f"{_title(definition, a.source, lang)} → {_title(definition, a.target, lang)}" for a in drawn)
    where = f"{_title(definition, current, lang)}: {words['current']}. " if current in definition.states else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        f'role="img" aria-labelledby="{key}-title {key}-desc" lang="{lang}" font-family="sans-serif" font-size="13">',
        f'<title id="{key}-title">{_xml(definition.title[lang])}</title>',
        f'<desc id="{key}-desc">{_xml(where)}{words["arrows"]}: {_xml(told)}.</desc>',
        f'<defs><marker id="{key}-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"',
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#5a5a5a"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_phases(definition, sheet, lang),
        *(_line(arrow, sheet, key) for arrow in drawn),
        *(_box(definition, state, at, lang, _kind(state, current, visited)) for state, at in sheet.spots.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _phases(definition: Definition, sheet: Sheet, lang: str) -> Iterable[str]:
    for phase in dict.fromkeys(phase for phase, _ in sheet.columns):
        places = [x for x, (other, _) in enumerate(sheet.columns) if other == phase]
        left = MARGIN + places[0] * (WIDTH + GAP) - 12
        wide = len(places) * (WIDTH + GAP) - GAP + 24
        yield f'<rect x="{left}" y="12" width="{wide}" height="{sheet.bottom - 12}" rx="8" fill="#f3f3f0"/>'
        title = _xml(definition.phases[phase][lang])
        yield f'<text x="{left + 12}" y="{HEAD - 20}" font-weight="bold" fill="#404040">{title}</text>'


def _line(arrow: Arrow, sheet: Sheet, key: str) -> str:
    (left, top), (to_left, to_top) = sheet.spots[arrow.source], sheet.spots[arrow.target]
    right = to_left > left
    # The way there and the way back meet a box at different heights, so that they do not hide each other.
    x, y = (left + WIDTH, top + 18) if to_left >= left else (left, top + 32)
    end, level = (to_left, to_top + 18) if right else (to_left + WIDTH, to_top + 32)
    turn = 40 if to_left >= left else -40
    lane = sheet.lanes.get((arrow.target, right))
    if to_left == left or lane is None or abs(to_left - left) == WIDTH + GAP:
        back = turn if to_left == left else -turn
        way = f"M{x} {y} C{x + turn} {y} {end + back} {level} {end} {level}"
    else:
        way = f"M{x} {y} C{x + turn} {y} {x + turn // 4} {lane} {x + turn} {lane}"
        way += f" H{end - turn} C{end - turn // 4} {lane} {end - turn} {level} {end} {level}"
    dashes = ' stroke-dasharray="5 4"' if arrow.back else ""
    return (
        f'<path d="{way}" fill="none" stroke="#5a5a5a" stroke-width="1.2"{dashes} marker-end="url(#{key}-tip)">'
        f"<title>{_xml(' / '.join(arrow.titles))}</title></path>"
    )


def _box(definition: Definition, state: str, at: tuple[int, int], lang: str, kind: str) -> str:
    x, y = at
    words, title = _WORDS[lang], _title(definition, state, lang)
    lines = wrap(title, 19, max_lines=2, placeholder="…") or [title]
    stays = [m.title[lang] for m in definition.transitions if state in m.source and m.target in ("@same", state)]
    told = [
        title,
        *([words[kind]] if kind in words else []),
        *([f"{words['stays']}: {', '.join(stays)}"] if stays else []),
    ]
    edge = 'stroke="#000000" stroke-width="3"' if kind == "current" else 'stroke="#404040" stroke-width="1.2"'
    parts = [
        f"<g><title>{_xml(' – '.join(told))}</title>",
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{_FILL[kind]}" {edge}/>',
    ]
    if definition.states[state].final:
        inner = f'x="{x + 4}" y="{y + 4}" width="{WIDTH - 8}" height="{HEIGHT - 8}"'
        parts.append(f'<rect {inner} rx="4" fill="none" stroke="{_INK[kind]}" stroke-width="0.8"/>')
    top = y + HEIGHT // 2 + 5 - 8 * (len(lines) - 1)
    for number, line in enumerate(lines):
        place = f'x="{x + WIDTH // 2}" y="{top + 16 * number}" text-anchor="middle" fill="{_INK[kind]}"'
        parts.append(f"<text {place}>{_xml(line)}</text>")
    return "".join([*parts, "</g>"])


def _title(definition: Definition, state: str | None, lang: str) -> str:
    return _plain(definition.states[state].title[lang]) if state and state in definition.states else ""


def _xml(text: str) -> str:
    return escape(_plain(text))
