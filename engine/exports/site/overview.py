"""The charts of a site, made from what was counted: cases by phase, money, time in state, reports."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.core.definition import Definition
from engine.core.money import format_money
from engine.exports.site.charts import Chart, groups, lengths, strips
from engine.exports.site.tally import Tally, quarter_text
from engine.exports.site.words import Words

MOST_STATES = 15
"""So many states the overview shows; the page of a workflow shows all of its own."""


class Charts:
    """Makes the charts.

    Args:
        words: What they speak with.
        tally: What was counted.
        definitions: The newest of each workflow, by name.
        now: When the site is made.
    """

    def __init__(self, words: Words, tally: Tally, definitions: Mapping[str, Definition], now: str) -> None:
        self._words, self._tally, self._definitions, self._now = words, tally, definitions, now
        self._text = words.text

    def overview(self) -> list[Chart]:
        """The charts of the first page; one with nothing to show is left out."""
        found = [self.phases(), self._money(), self._slowest(), self._reports()]
        return [chart for chart in found if chart is not None]

    def of_workflow(self, name: str) -> list[Chart]:
        """The charts of one workflow."""
        found = [self.phases(name), self._states(name)]
        return [chart for chart in found if chart is not None]

    def phases(self, workflow: str | None = None) -> Chart | None:
        """Open cases by phase at the end of each quarter, of all workflows or of one."""
        quarters, found = self._tally.phases(self._now, workflow)
        if not quarters:
            return None
        titles = {phase: t for d in self._definitions.values() for phase, t in d.phases.items()}
        labels = [quarter_text(quarter) for quarter in quarters]
        rows = {titles[phase][self._words.lang]: found[phase] for phase in titles if phase in found}
        here = {title: values[-1] for title, values in rows.items()}
        most = max(here, key=lambda title: here[title])
        title = self._text("site_chart_phases")
        summary = self._text(
            "site_chart_phases_says", day=self._words.day(self._now), n=sum(here.values()), phase=most, most=here[most]
        )
        table = [[label, *(str(values[place]) for values in rows.values())] for place, label in enumerate(labels)]
        svg = strips("phases", title, summary, labels, rows)
        return Chart("phases", title, summary, svg, [self._text("site_quarter"), *rows], table)

    def _money(self) -> Chart | None:
        """Granted and paid by year."""
        money = self._tally.money
        if not money:
            return None
        years = range(min(year for _, year in money), max(year for _, year in money) + 1)
        sums = {what: [money.get((what, year), Decimal(0)) for year in years] for what in ("granted", "paid")}
        names = {what: self._text(f"site_{what}") for what in sums}
        texts = {names[what]: [self._amount(one) for one in values] for what, values in sums.items()}
        title = self._text("site_chart_money")
        totals = {what: self._amount(sum(values, Decimal(0))) for what, values in sums.items()}
        summary = self._text("site_chart_money_says", **totals)
        labels = [str(year) for year in years]
        drawn = {names[what]: [float(one) for one in values] for what, values in sums.items()}
        table = [[label, *(values[place] for values in texts.values())] for place, label in enumerate(labels)]
        table.append([self._text("site_together"), *totals.values()])
        svg = groups("money", title, summary, labels, drawn, texts)
        return Chart("money", title, summary, svg, [self._text("site_year"), *texts], table)

    def _reports(self) -> Chart | None:
        """Reports by the year they were due in: in time, late, missing."""
        reports = self._tally.reports
        if not reports:
            return None
        years = range(min(year for _, year in reports), max(year for _, year in reports) + 1)
        counts = {what: [reports[what, year] for year in years] for what in ("in_time", "late", "missing")}
        names = {what: self._text(f"site_report_{what}") for what in counts}
        title = self._text("site_chart_reports")
        totals = {what: sum(values) for what, values in counts.items()}
        summary = self._text("site_chart_reports_says", n=sum(totals.values()), **totals)
        labels = [str(year) for year in years]
        texts = {names[what]: [str(one) for one in values] for what, values in counts.items()}
        drawn = {names[what]: [float(one) for one in values] for what, values in counts.items()}
        table = [[label, *(values[place] for values in texts.values())] for place, label in enumerate(labels)]
        svg = groups("reports", title, summary, labels, drawn, texts)
        return Chart("reports", title, summary, svg, [self._text("site_due_year"), *texts], table)

    def _slowest(self) -> Chart | None:
        """The states in which cases stayed longest, of all workflows."""
        rows = [row for name in self._definitions for row in self._lasted(name, with_workflow=True)]
        rows = sorted(rows, key=lambda row: -row[2])[:MOST_STATES]
        return self._lengths("slowest", "site_chart_slowest", rows)

    def _states(self, workflow: str) -> Chart | None:
        """How long cases of one workflow stayed in each state, in the order of the workflow."""
        return self._lengths("states", "site_chart_states", self._lasted(workflow))

    def _lasted(self, name: str, *, with_workflow: bool = False) -> list[tuple[str, int, int, int]]:
        """(state, stays, median, longest) of the states that cases have left."""
        definition, found = self._definitions[name], []
        for state in definition.states.values():
            lasted = self._tally.lasted(name, state.id)
            if lasted and not state.final:
                before = f"{definition.title[self._words.lang]}: " if with_workflow else ""
                found.append((before + state.title[self._words.lang], *lasted))
        return found

    def _lengths(self, name: str, code: str, rows: Sequence[tuple[str, int, int, int]]) -> Chart | None:
        if not rows:
            return None
        title = self._text(code)
        longest = max(rows, key=lambda row: row[2])
        summary = self._text(f"{code}_says", state=longest[0], days=longest[2])
        drawn = [(label, median, self._days(median)) for label, _, median, _ in rows]
        head = [self._text(f"site_{word}") for word in ("state", "stays", "median", "longest")]
        table = [[label, *map(str, numbers)] for label, *numbers in rows]
        return Chart(name, title, summary, lengths(name, title, summary, drawn), head, table)

    def _days(self, days: int) -> str:
        return self._text("site_day") if days == 1 else self._text("site_days", n=days)

    def _amount(self, amount: Decimal) -> str:
        return format_money(f"{amount:.2f}", self._words.lang)
