"""A call and its applications, made with the real commands: what the tests of cases begin with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import running
from running import Party, Ran

Skede = Callable[..., Ran]


@dataclass(frozen=True)
class World:
    """A home with an open call and two organisations.

    Attributes:
        inline: The command in this process; `skede` the same as a process of its own.
        paper: A file to attach.
    """

    home: Path
    inline: Skede
    skede: Skede
    call: str
    town: Party
    region: Party
    paper: Path


def furnished(home: Path, inline: Skede) -> World:
    """Open a call in a fresh home, and put a municipality and the region into its directory."""
    paper = home / "paper.pdf"
    paper.write_bytes(b"%PDF-1.4 paper")
    town = running.add_party(home, "Kungälvs kommun", "municipality", "Eva Ek", "eva.ek@kungalv.example")
    region = running.add_party(home, "Närhälsan", "region", "Rolf Rask", "rolf.rask@region.example")
    call = inline(
        "new", "call", "--title", "Utlysning 2021", "-s", "body=RUN", "-s", "opens_at=2021-03-01",
        "-s", "closes_at=2021-05-01T12:00", "-s", "board_date=2021-06-10", "-s", "frame=5 000 000",
        "-s", "priority_areas=mental_health", "-s", "two_stage=nej",
    ).out.strip()  # fmt: skip
    done = inline("advance", call, "open_call", "-a", f"call_text={paper}")
    assert done.code == 0, done.err
    return World(home, inline, partial(running.skede, home), call, town, region, paper)


def receive(world: World, title: str = "Trygg start", **more: str) -> str:
    """Take in an application by post, and give its reference."""
    fields = {"call": world.call, "arrived_at": "2021-03-01T09:30", "arrival_evidence": "stämpel", "channel": "post",
              "sender": "Eva Ek"} | more  # fmt: skip
    words = [word for name, value in fields.items() for word in ("-s", f"{name}={value}")]
    done = world.inline(
        "new", "application", "--event", "receive", "--title", title, *words, "-a", f"application={world.paper}",
        "--party", world.town.as_("owner"), "--party", world.region.as_("partner"), as_="registrar",
    )  # fmt: skip
    assert done.code == 0, done.err
    return done.out.strip()


def registered(world: World, title: str = "Trygg start") -> str:
    """An application that has been received and registered."""
    reference = receive(world, title)
    done = world.inline("advance", reference, "register", "-s", f"subject={title}", "-s", "secrecy=none",
                        as_="registrar")  # fmt: skip
    assert done.code == 0, done.err
    return reference
