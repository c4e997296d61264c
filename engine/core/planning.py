"""Recurring children: which of a series are to be opened now, and which are not needed any more.

Dates are anchored and never chained, so that a year of half-year reports ends where it should (DOMAIN.md §5).
"""

from datetime import date

from engine.core.deadline import series_dates
from engine.core.decision import FireWanted, SpawnWanted
from engine.core.definition import Series, Spawn
from engine.core.expression import evaluate
from engine.core.schedule import Setting


def planned(setting: Setting, names: tuple[str, ...]) -> tuple[tuple[SpawnWanted, ...], tuple[FireWanted, ...]]:
    """What the series named ask for now: children to open, and children to drop beyond the end."""
    spawns: list[SpawnWanted] = []
    fires: list[FireWanted] = []
    for name in names:
        series = setting.definition.series[name]
        anchor, until = setting.case.data.get(series.anchor), setting.case.data.get(series.until)
        if not anchor or not until:
            continue
        dates = series_dates(date.fromisoformat(anchor), series.every, series.each, date.fromisoformat(until))
        _plan(setting, series, dates, spawns, fires)
    return tuple(spawns), tuple(fires)


def _plan(
    setting: Setting, series: Series, dates: list[date], spawns: list[SpawnWanted], fires: list[FireWanted]
) -> None:
    children = [
        c for c in setting.facts.cases("children")
        if c.workflow == series.workflow and all(c.data.get(k) == v for k, v in series.where.items())
    ]  # fmt: skip
    valid = {day.isoformat() for day in dates}
    waiting = [c for c in children if c.state in series.waiting]
    for child in waiting:
        if child.data.get(series.key) not in valid:
            fires.append(FireWanted(child.reference, series.drop, {"reason": f"{series.name}: {series.until}"}))
    room = series.ahead - sum(1 for c in waiting if c.data.get(series.key) in valid)
    taken = {c.data.get(series.key) for c in children}
    for day in [d for d in dates if d.isoformat() not in taken][: max(room, 0)]:
        values = {**series.where, series.key: day.isoformat()}
        values |= evaluate(setting, series.set, note=None, person=None, day=day)
        spawn = Spawn(workflow=series.workflow, opening=series.opening, title=series.title)
        title = series.title["sv"].replace("{date}", day.isoformat()).replace("{title}", setting.case.title)
        spawns.append(SpawnWanted(spawn, title, values))
