"""The programme's calls 2016 to 2023 as its public pages tell them, and one of today that is made up.

Sources: the pages "Sociala investeringar", "Ansök om medel" and "Om sociala investeringar" of vgregion.se as they
stood 2016, 2017, 2019, 2021, 2022 and 2023. Of the call of 2018 no more is known than its form; it is left out.
What a source does not tell is made up, and `invented` names it; it stands in the log of the call too.
"""

from msgspec import Struct

DIRECTIONS = ("mental_health", "parents_as_resource", "reading_and_language", "motivation_and_hope")
"""The four directions of 2022–2024."""


class InfoMeeting(Struct, frozen=True):
    """An info meeting: when it is planned, when it is held, and where."""

    key: str
    title: str
    planned: str
    starts: str
    ends: str
    place: str


class Call(Struct, frozen=True):
    """A call: days and local times as its case takes them.

    Attributes:
        known: What the sources tell, in a sentence.
        invented: What is made up, in a sentence.
        told: The amount granted by the sources, in words; empty if none is told.
        sure: Which of `closes` and `board` a source tells; the others are made up.
        concluded: The day on which it is concluded; None while it goes on.
    """

    key: str
    title: str
    body: str
    planned: str
    opens: str
    closes: str
    board: str
    frame: str
    goal: str
    known: str
    invented: str
    told: str = ""
    sure: tuple[str, ...] = ()
    areas: tuple[str, ...] = ("other",)
    months: int = 36
    concluded: str | None = None
    infos: tuple[InfoMeeting, ...] = ()


CALLS = (
    Call(
        "2016", "Utlysning 2016", "RUN", planned="2016-02-08", opens="2016-04-04", closes="2016-09-09T24:00",
        board="2016-11-17T09:30", frame="10000000", concluded="2017-06-12", sure=("closes",),
        goal="Tidiga insatser för barn och unga, så att fler klarar grundskolan med godkända betyg.",
        known="Sista ansökningsdag 9 september, beslut i november; barnrättsperspektivet ska genomsyra ansökan.",
        invented="öppningsdag, sammanträdesdag, ram",
    ),
    Call(
        "2019", "Utlysning 2019", "RUN", planned="2019-02-11", opens="2019-05-06", closes="2019-10-04T12:00",
        board="2019-12-19T09:30", frame="12000000", concluded="2020-06-15", sure=("closes",),
        goal="Nya arbetssätt mellan kommun och region som förebygger och främjar hälsa för barn och unga.",
        known="Idé- och informationsträff 27 augusti 13.30–16.00 i Göteborg; stänger 4 oktober 12.00, besked i dec.",
        invented="öppningsdag, sammanträdesdag, ram",
        infos=(InfoMeeting("info 2019", "Idé- och informationsträff", "2019-06-10", "2019-08-27T13:30",
                           "2019-08-27T16:00", "Göteborg"),),
    ),
    Call(
        "2021", "Utlysning 2021", "RUN", planned="2021-01-18", opens="2021-04-01", closes="2021-08-31T24:00",
        board="2021-11-18T09:30", frame="14000000", months=48, told="drygt 13,5 mnkr", sure=("closes", "board"),
        concluded="2022-09-12",
        goal="Tidiga insatser och nytänkande, så att fler blir behöriga till gymnasiet.",
        known="Öppen 1 april till 31 augusti; den 18 november fick fyra projekt drygt 13,5 miljoner kronor.",
        invented="ram, längsta projekttid, informationsträffens dag",
        infos=(InfoMeeting("info 2021", "Lunchträff om sociala investeringar", "2021-04-06", "2021-05-05T12:00",
                           "2021-05-05T13:00", "Digitalt möte"),),
    ),
    Call(
        "2022", "Sedd och saknad", "RUN", planned="2022-02-07", opens="2022-04-01", closes="2022-08-31T24:00",
        board="2022-10-20T09:30", frame="12500000", told="drygt 12 mnkr", concluded="2023-06-12",
        goal="Barns och ungas skolgång: samspelet mellan skola och föräldrar, från spädbarnstiden till årskurs 9.",
        known="Drygt 12 miljoner kronor till projekt som källan inte namnger; de finns därför inte här.",
        invented="årtalet (sidan är ändrad 24 oktober 2022), alla dagar, ram",
    ),
    Call(
        "2023", "Utlysning 2023", "MRU", planned="2023-01-23", opens="2023-03-13", closes="2023-08-31T24:00",
        board="2023-11-16T09:30", frame="12000000", areas=DIRECTIONS, concluded="2024-06-10",
        goal="Hälsofrämjande och förebyggande investeringar som på sikt ger fler fullföljda studier.",
        known="Miljö- och regionutvecklingsnämnden avsätter medel; inriktningar för 2022–2024; lunchträffar i maj.",
        invented="alla dagar och tider, ram",
        infos=(
            InfoMeeting("info 2023 a", "Digital lunchträff", "2023-04-11", "2023-05-09T12:00", "2023-05-09T12:45",
                        "Teams, ingen anmälan"),
            InfoMeeting("info 2023 b", "Digital lunchträff", "2023-04-11", "2023-05-24T12:00", "2023-05-24T12:45",
                        "Teams, ingen anmälan"),
        ),
    ),
    Call(
        "2025", "Utlysning 2025 (påhittad)", "MRU", planned="2025-01-13", opens="2025-02-03", closes="2025-04-30T24:00",
        board="2025-05-22T09:30", frame="12000000", areas=DIRECTIONS,
        goal="En påhittad utlysning, så att det finns något på varje plats att titta på.",
        known="Ingenting: utlysningen finns bara i demon.", invented="allt",
    ),
    Call(
        "2026", "Utlysning 2026 (påhittad)", "MRU", planned="2025-04-14", opens="2026-02-02", closes="2026-05-29T24:00",
        board="2026-09-17T09:30", frame="12000000", areas=DIRECTIONS,
        goal="Nästa påhittade utlysning: idéer kan redan anmälas.",
        known="Ingenting: utlysningen finns bara i demon.", invented="allt",
        infos=(InfoMeeting("info 2026", "Lunchträff om nästa utlysning", "2025-04-22", "2025-05-20T12:00",
                           "2025-05-20T12:45", "Digitalt möte"),),
    ),
)  # fmt: skip
