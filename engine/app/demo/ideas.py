"""Applications and ideas that are made up, so that there is something at every place; their titles say so."""

from msgspec import Struct


class Application(Struct, frozen=True):
    """An application and how far it comes: each day is one on which the next thing is done, None = it never is.

    Attributes:
        key: The team, and what it is called in the story.
        call: Key of the call; empty for an idea that waits for one.
        info: Key of the info meeting that it is invited to.
        amount: What is applied for, in kronor; `own` what owner and partner pay themselves.
        half_signed: Only the owner has signed.
        asked, completed: When a completion is asked for, and when it comes.
        decision: Event of the board; `reasons` are what a rejection brings.
        closed: When a case that came to nothing is closed; `archived` when it is archived.
    """

    key: str
    call: str
    title: str
    idea: str
    contacted: str
    info: str = ""
    drafted: str | None = None
    ready: str | None = None
    submitted: str | None = None
    asked: str | None = None
    completed: str | None = None
    prepared: str | None = None
    stated: str | None = None
    listed: str | None = None
    withdrawn: str | None = None
    closed: str | None = None
    archived: str | None = None
    amount: int = 1_200_000
    own: tuple[int, int] = (700_000, 500_000)
    starts: str = "2026-01-12"
    ends: str = "2027-12-31"
    area: str = "other"
    half_signed: bool = False
    decision: str = "grant"
    reasons: str = ""


LATE = Application(
    "havredal", "2021", "Motorik i vardagen (påhittad)",
    "Fysioterapeut och förskola prövar rörelse varje dag för barn som riskerar att komma efter.",
    contacted="2021-04-20", info="info 2021", drafted="2021-06-08", ready="2021-08-30", starts="2022-01-10",
    ends="2023-12-31",
)  # fmt: skip
"""The one that comes two minutes after the call has closed."""

APPLICATIONS = (
    Application(
        "sjovik", "2016", "Läsande kvarter (påhittad)",
        "Bibliotek, BVC och förskola läser med familjer i ett kvarter.",
        contacted="2016-04-18", drafted="2016-05-16", ready="2016-08-29", submitted="2016-09-05",
        prepared="2016-09-19", stated="2016-10-24", listed="2016-10-31", closed="2017-02-13", archived="2017-11-20",
        starts="2017-01-09", ends="2018-12-31", decision="reject",
        reasons="Behovsanalysen visar inte att målgruppen löper risk att hamna utanför (påhittat skäl).",
    ),
    Application(
        "lindhagen", "2019", "Gå ihop till skolan (påhittad)",
        "Vandrande skolbussar med fysioterapeut i två stadsdelar.",
        contacted="2019-06-17", info="info 2019",
    ),
    Application(
        "norrbyn", "2023", "Nattro (påhittad)",
        "BVC och förskola prövar gemensamma råd om sömn.",
        contacted="2023-04-17", info="info 2023 a", drafted="2023-05-29", ready="2023-08-14", submitted="2023-08-24",
        withdrawn="2023-09-25", closed="2023-11-06", archived="2024-10-14", area="mental_health",
        starts="2024-01-15", ends="2025-12-31",
    ),
    Application(
        "sjovik", "2025", "Läsombud på BVC (påhittad)",
        "Läsombud på BVC följer familjer från ett år till förskolan.",
        contacted="2025-02-10", drafted="2025-02-17", ready="2025-03-10", submitted="2025-03-17",
        prepared="2025-03-24", stated="2025-04-22", listed="2025-04-28", area="reading_and_language",
    ),
    Application(
        "lindhagen", "2025", "Skolhälsa nära (påhittad)",
        "Vårdcentral och elevhälsa delar mottagning en dag i veckan.",
        contacted="2025-02-11", drafted="2025-02-24", ready="2025-03-31", submitted="2025-04-07",
        prepared="2025-04-14", area="mental_health",
    ),
    Application(
        "tallasen", "2025", "Två språk, en skola (påhittad)",
        "Logoped och modersmålslärare möter barn med språkstörning tillsammans.",
        contacted="2025-02-18", drafted="2025-03-03", ready="2025-04-07", submitted="2025-04-22",
        asked="2025-04-28", area="reading_and_language",
    ),
    Application(
        "ekedal", "2025", "Rörelse i förskolan (påhittad)",
        "Förskola och fysioterapeut prövar rörelse som del av dagen.",
        contacted="2025-02-25", drafted="2025-03-10", ready="2025-04-22", submitted="2025-04-29",
        area="mental_health",
    ),
    Application(
        "strandhult", "2025", "Simma tillsammans (påhittad)",
        "Föräldrar och barn lär sig simma med stöd av habiliteringen.",
        contacted="2025-03-03", drafted="2025-03-17", ready="2025-04-28", half_signed=True,
        area="parents_as_resource",
    ),
    Application(
        "havredal", "2025", "Matteverkstad hemma (påhittad)",
        "Skola och familjecentral lånar ut material och handleder föräldrar.",
        contacted="2025-03-10", drafted="2025-03-24", area="motivation_and_hope",
    ),
    Application(
        "kvarnvik", "2026", "Lugna morgnar (påhittad)",
        "Elevhälsa och BUP prövar mjuka starter på skoldagen.",
        contacted="2025-04-22", info="info 2026",
    ),
    Application(
        "norrbyn", "", "Naturväg till skolan (påhittad)",
        "Skola och vårdcentral prövar undervisning ute för elever med hög frånvaro.",
        contacted="2025-04-28",
    ),
)  # fmt: skip
