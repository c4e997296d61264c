"""The four projects of 18 November 2021: names, places and aims as the programme's page tells them, in our own words.

Amounts, days, reports and what became of them are made up; the page tells neither (it says: a good 13.5 million
kronor together).
"""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field

from engine.core.localday import add_months


class Payment(Struct, frozen=True):
    """A requisition: the day it is asked for, its kind, its period, the costs, and what is asked of the grant."""

    asked: str
    kind: str
    first: str
    last: str
    costs: str
    amount: str


class Project(Struct, frozen=True):
    """An application that was granted, and the project that it became.

    Attributes:
        key: The team, and what the application is called in the story.
        grant: What was granted, by year.
        own: What owner and partner pay themselves.
        late: (kind, end of period) of a report -> the day on which it came instead; never, if empty.
        extended: The new end, where the period was prolonged.
    """

    key: str
    title: str
    idea: str
    target_group: str
    start: str
    end: str
    grant: Mapping[int, int]
    own: tuple[int, int]
    payments: tuple[Payment, ...]
    late: Mapping[tuple[str, str], str] = field(default_factory=dict)
    extended: str | None = None

    @property
    def granted(self) -> int:
        """The whole grant."""
        return sum(self.grant.values())

    @property
    def per_year(self) -> list[dict[str, str]]:
        """The grant as the case takes it."""
        return [{"year": str(year), "amount": str(amount)} for year, amount in self.grant.items()]

    def period_ends(self) -> list[date]:
        """The ends of all periods that are reported before the end: every half-year, and each new year's eve."""
        start, end = date.fromisoformat(self.start), date.fromisoformat(self.extended or self.end)
        half_years = (add_months(start, 6 * n) for n in range(1, 12))
        years = (date(year, 12, 31) for year in range(start.year, end.year + 1))
        return sorted(day for day in (*half_years, *years) if day < end)


PROJECTS = (
    Project(
        "bengtsfors", "Med gemensamma krafter +",
        idea="Personliga vägledare i låg- och mellanstadiet håller ihop stödet kring ett barn, och språkstödjare "
        "handleder elever på deras modersmål och knyter skolan närmare hemmet.",
        target_group="Elever i låg- och mellanstadiet i Bengtsfors och deras vårdnadshavare",
        start="2022-01-10", end="2023-06-30", grant={2022: 2_800_000, 2023: 1_430_000}, own=(1_880_000, 940_000),
        payments=(
            Payment("2023-02-20", "part", "2022-01-10", "2022-12-31", "4500000", "2700000"),
            Payment("2023-08-28", "final", "2023-01-01", "2023-06-30", "2550000", "1530000"),
        ),
    ),
    Project(
        "dalsed", "Min airbag mot stress",
        idea="En fysioterapeut prövas som ny profession i elevhälsan, och skolan lär sig motverka stillasittande, "
        "sömnbrist och ohälsa tidigt.",
        target_group="Elever i Dals-Eds grundskolor",
        start="2022-03-21", end="2024-12-31", grant={2022: 1_000_000, 2023: 1_075_000, 2024: 1_075_000},
        own=(1_400_000, 700_000), extended="2025-12-31",
        payments=(
            Payment("2023-02-20", "part", "2022-03-21", "2022-12-31", "1500000", "900000"),
            Payment("2024-02-19", "part", "2023-01-01", "2023-12-31", "1700000", "1020000"),
        ),
        late={("progress", "2025-03-21"): ""},
    ),
    Project(
        "munkedal", "Språkutveckling och föräldrastöd för flerspråkiga",
        idea="Språkstörning ska upptäckas tidigt och insatsen ha börjat före förskoleklass; samtals- och föräldrastöd "
        "ska nå fler flerspråkiga vårdnadshavare.",
        target_group="Barn före skolstart i Munkedal och deras flerspråkiga vårdnadshavare",
        start="2022-02-01", end="2024-12-31", grant={2022: 1_100_000, 2023: 1_150_000, 2024: 1_150_000},
        own=(2_100_000, 1_300_000),
        payments=(
            Payment("2023-02-27", "part", "2022-02-01", "2022-12-31", "2000000", "1000000"),
            Payment("2024-02-26", "part", "2023-01-01", "2023-12-31", "2400000", "1200000"),
            Payment("2025-03-03", "final", "2024-01-01", "2024-12-31", "2400000", "1200000"),
        ),
    ),
    Project(
        "ale", "Föräldrahälsa i Skepplanda",
        idea="Föräldrars fysiska och psykiska hälsa stärks, så att skolnärvaron ökar, fler klarar årskurs 6 och fler "
        "på sikt kommer in på arbetsmarknaden.",
        target_group="Föräldrar till barn i Skepplanda",
        start="2022-01-10", end="2023-06-30", grant={2022: 1_800_000, 2023: 950_000}, own=(1_750_000, 1_000_000),
        payments=(Payment("2023-09-04", "final", "2022-01-10", "2023-06-30", "5200000", "2600000"),),
        late={("progress", "2023-01-10"): "2023-03-06"},
    ),
)  # fmt: skip
"""Together 13 530 000 kronor: a good 13.5 million."""
