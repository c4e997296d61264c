"""A year of an office, lived by the real command: `office` gives commands, the seasons tell what happened."""

from pathlib import Path

from year import autumn, spring, summer
from year.office import Office

STORY = (
    spring.furnish, spring.spring, summer.applications, summer.examination, summer.people_come_and_go,
    summer.preparation, autumn.head_decides, autumn.the_sitting, autumn.the_slip, autumn.minutes, autumn.agreements,
)  # fmt: skip


def lived(home: Path) -> Office:
    """An office whose year is over."""
    office = Office(home)
    for chapter in STORY:
        chapter(office)
    return office
