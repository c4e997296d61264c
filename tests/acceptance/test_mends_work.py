"""The commands that refusals and `next` propose, pasted: they do what they say, in the order in which they stand."""

import re
import shlex

import pytest
from cases import World, registered
from running import Ran

pytestmark = pytest.mark.acceptance


def mends(told: str) -> list[str]:
    """The commands that are proposed, in their order."""
    return re.findall(r"(?:avhjälps med|allt på en gång|gör det): (skede .*)", told)


def paste(world: World, command: str, as_: str | None = None, **filled: str) -> Ran:
    """Run a proposed command with its placeholders filled in."""
    for placeholder, value in filled.items():
        command = command.replace(placeholder, value)
    words = shlex.split(command)[1:]
    start = words.index("--home")
    del words[start : start + 2]
    return world.inline(*words, as_=as_)


def test_a_head_waives_a_missing_signature_by_firing_the_event_with_the_command_that_next_tells(world: World) -> None:
    reference = registered(world)
    world.inline("assign", reference, "officer")

    told = world.inline("next", reference, "start_preparation", as_="head").out
    (command,) = re.findall(r"som då själv gör det: (skede .*)", told)
    meeting = world.inline("new", "meeting", "--title", "Nämnden", "--event", "plan_board_meeting",
                           "-s", "body=RUN", "-s", "starts_at=2021-06-10T13:00", "-s", "place_or_link=Residenset",
                           as_="secretary").out.strip()  # fmt: skip
    waived = paste(world, command, "head", **{"target_meeting=…": f"target_meeting={meeting}", '"…"': '"Skrivs i maj"'})

    assert "--override signatures_valid@1" in command
    assert waived.code == 0, waived.err
    (entry,) = (e for e in world.inline("log", reference, "--json").lines if e["event"] == "start_preparation")
    assert (entry["role"], entry["changes"]["waived"]) == ("head", ["signatures_valid@1"])
    assert world.inline("audit", "replay", reference).code == 0


def test_a_head_without_a_rule_to_waive_leaves_the_event_to_the_officer(world: World) -> None:
    reference = registered(world)

    done = world.inline("advance", reference, "request_completion", "-s", "missing_items=Budget", "--override",
                        "signatures_valid", "-n", "x", "--json", as_="head")  # fmt: skip

    assert (done.code, set(done.codes)) == (3, {"role_missing", "override_of_no_rule"})
