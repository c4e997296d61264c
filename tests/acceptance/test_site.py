"""`export site`: pages that hold together, take nothing from people literally, and fetch nothing from anywhere."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import running
from cases import World
from site_pages import Page, Site, shared_site

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

HOSTILE = (
    """</script><script>alert(1)</script> "'> <img src=x onerror=alert(1)> {{ 7*7 }} &amp; \u202egpj.exe \x1b[2J"""
)
REFUSED = "SIM-2021-0005"
"""An application of the demo that came too late; the log has a refusal of it."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return shared_site(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, Page]:
    return site.pages()


def exports(site: Site) -> list[Any]:
    """The entries about exports, that of the site first; other tests of this home add theirs."""
    return running.inline(site.home, "log", "--kind", "export", "--json", as_="auditor").lines


def test_the_command_tells_what_it_wrote_and_what_to_open(site: Site, pages: dict[str, Page]) -> None:
    assert site.told["cases"] == 110
    assert site.told["pages"] == len(pages)
    assert site.told["bytes"] == sum(path.stat().st_size for path in site.folder.rglob("*") if path.is_file())
    assert Path(str(site.told["index"])).is_file()


def test_that_cases_left_the_house_is_in_the_log(site: Site) -> None:
    exported = exports(site)[0]

    assert (exported["actor"], exported["changes"]) == ("auditor", {"form": "site", "log": True, "n": 110, "cases": []})


def test_every_page_is_well_formed_and_no_id_stands_twice(pages: dict[str, Page]) -> None:
    wrong = {
        name: [*page.faults, *(f"id {one} twice" for one, n in page.ids.items() if n > 1)]
        for name, page in pages.items() if page.faults or max(page.ids.values()) > 1
    }  # fmt: skip

    assert wrong == {}


def test_every_page_has_one_heading_of_the_first_order_and_skips_none_below(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert page.headings[0] == 1, name
        assert page.headings.count(1) == 1, name
        assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False)), name


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site: Site, pages: dict[str, Page]) -> None:
    missing = []
    for name, page in pages.items():
        for link in page.links + page.sources:
            file, _, place = unquote(link).partition("#")
            target = (site.folder / name).parent / file if file else site.folder / name
            known = str(target.resolve().relative_to(site.folder.resolve()))
            if not target.is_file() or (place and place not in pages[known].ids):
                missing.append(f"{name}: {link}")

    assert missing == []


def test_every_case_and_every_entry_is_told(site: Site, pages: dict[str, Page]) -> None:
    listed = running.inline(site.home, "list", "--closed", "--json", as_="auditor").json
    logged = Counter(entry["case"] for entry in running.inline(site.home, "log", "--json", as_="auditor").lines)

    told = {one["reference"]: pages[f"case/{one['reference']}.html"] for one in listed}

    assert len(told) == 110
    for reference, page in told.items():
        assert {f"e{n}" for n in range(1, logged[reference] + 1)} == {
            one for one in page.ids if re.fullmatch(r"e\d+", one)
        }
    office = {one for name, page in pages.items() if name.startswith("log/") for one in page.ids}
    assert {f"e{n}" for n in range(1, exports(site)[0]["n"] + 1)} <= office


def test_nothing_comes_from_elsewhere_and_nothing_runs_but_the_search(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page.text)
        assert policy, name
        assert policy[1].startswith("default-src &#39;none&#39;"), name
        assert "unsafe" not in policy[1], name
        assert re.sub(r'xmlns="http://www\.w3\.org/2000/svg"', "", page.text).count("://") == 0, name
        assert not [one for one in page.attributes if one.startswith("on") or one == "style"], name
        assert page.elements["script"] == (2 if name == "search.html" else 0), name
        assert not page.elements.keys() & {"iframe", "img", "object", "embed", "base", "style"}, name


def test_a_refusal_says_why_and_an_entry_who_for_whom_and_in_which_role(pages: dict[str, Page]) -> None:
    told = pages[f"case/{REFUSED}.html"].told

    assert "Granska Nekat: Inled beredning Handläggare (sandlåda) (officer) Därför att: Ansökan kom" in told
    assert "Handläggare (sandlåda) (officer), sökande för Projektledare, Havredal (påhittad)" in told
    assert "Handling 1: Ansökan, SHA-256 fa9600631fbc" in told


def test_a_phase_that_the_case_was_never_in_is_not_called_passed(pages: dict[str, Page]) -> None:
    told = pages[f"case/{REFUSED}.html"].told

    assert (
        "✓ Ansökan (passerat) – Beslut (inte besökt) – Genomförande (inte besökt) ● Avslutat (här är ärendet)" in told
    )


def test_the_money_of_the_chart_is_that_of_the_cases(site: Site, pages: dict[str, Page]) -> None:
    words = ("export", "jsonl", "--workflow", "requisition", "--state", "paid")
    lines = running.inline(site.home, *words, as_="auditor").lines

    total = sum(round(float(one["data"]["approved_amount"])) for one in lines if one["type"] == "case")

    paid = f"{total:,}".replace(",", "\u00a0")
    assert total > 0

    assert f"{paid},00\u00a0kr utbetalt" in "".join(pages["index.html"].words)


def test_each_proof_checks_with_the_key_alone(site: Site) -> None:
    key = site.home / "keys" / "seal.vkey"
    proofs = sorted(site.folder.glob("proof/*.txt"))

    checked = [running.inline(site.home, "audit", "check", str(proof), "--key", str(key)) for proof in proofs[::20]]

    assert len(proofs) == 110
    assert {one.code for one in checked} == {0}


def idea(world: World, party: str, contact: str = "contact=Eva Ek") -> str:
    """Take in an idea, and give its reference."""
    words = ("new", "application", "--event", "contact", "--title", "Idé", "-s", contact, "-s", "idea_text=Lek")
    made = world.inline(*words, "-s", f"call={world.call}", "--party", party)
    assert made.code == 0, made.err
    return made.out.strip()


def test_text_from_people_is_shown_and_never_obeyed(world: World, tmp_path: Path) -> None:
    made = world.inline("new", "call", "--title", HOSTILE, "-s", "body=RUN", "-s", "opens_at=2021-09-01", "-n", HOSTILE)
    world.inline("amend", made.out.strip(), "-s", f"goal={HOSTILE}", "-n", HOSTILE)

    done = world.inline("export", "site", str(tmp_path / "site"))

    assert done.code == 0, done.err
    found = Site(world.home, tmp_path / "site", {}).pages()
    for name, page in found.items():
        assert not page.faults, name
        assert not {"img", "onerror"} & {*page.elements, *page.attributes}, name
        assert "\u202e" not in page.text, name
        assert "\x1b" not in page.text, name
        assert "49" not in re.findall(r"\{\{ (.*?) \}\}", page.told), name
    case = found[f"case/{made.out.strip()}.html"]
    shown = " ".join(HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b").split())
    assert case.told.count(shown) >= 4
    index = re.search(
        r'<script type="application/json" id="index">(.*?)</script>', found["search.html"].text, re.DOTALL
    )
    assert index
    assert [one for one in json.loads(index[1]) if one[2] == shown]


def test_what_was_erased_is_shown_as_erased(world: World, tmp_path: Path) -> None:
    world.inline("person", "add", "Asta Alm", "--email", "asta.alm@ale.example")
    reference = idea(world, world.town.as_("owner"), "contact=Asta Alm, 0303")
    named = ("--also", f"{reference}#1")
    erased = world.inline("audit", "erase", "Asta Alm", "--ground", "art. 17", *named, as_="archivist")
    assert erased.code == 0, erased.err

    done = world.inline("export", "site", str(tmp_path / "site"))

    assert done.code == 0, done.err
    page = Page((tmp_path / "site" / "case" / f"{reference}.html").read_text("utf-8"))
    assert "Asta" not in "".join(path.read_text("utf-8") for path in (tmp_path / "site").rglob("*.html"))
    assert "Kontaktperson för idén Raderat" in page.told


def test_a_masked_site_names_nobody_and_still_tells_who_is_the_same(site: Site, tmp_path: Path) -> None:
    people = running.inline(site.home, "person", "list", "--json", as_="officer").json
    telling = {one[part] for one in people for part in ("name", "email", "phone") if one[part]}

    done = running.inline(site.home, "export", "site", str(tmp_path / "site"), "SIM-2021-0005", "--family", "--masked")

    assert done.code == 0, done.err
    found = Site(site.home, tmp_path / "site", {}).pages()
    assert len(telling) > 50
    assert [(name, one) for name, page in found.items() for one in telling if one in page.text] == []
    told = found["case/SIM-2021-0005.html"].told
    leader = re.search(r"projektledare: (person-[0-9a-f]+)", told)
    assert leader
    assert told.count(leader[1]) > 3
    assert "Personer står under pseudonym" in told
    assert "masked" in [entry["changes"].get("mask") for entry in exports(site)]


def test_part_of_the_cases_links_to_no_page_that_is_not_there(world: World, tmp_path: Path) -> None:
    idea(world, world.town.as_("owner"))

    done = world.inline("export", "site", str(tmp_path / "site"), "--workflow", "application", "--json", lang="en")

    assert done.json["cases"] == 1, done.err
    found = Site(world.home, tmp_path / "site", {}).pages()
    page = next(page for name, page in found.items() if name.startswith("case/"))
    assert f"call {world.call}" in page.told.casefold() or world.call in page.told
    assert not [link for link in page.links if world.call in link]
    assert '<html lang="en">' in page.text


def test_a_folder_of_somebody_elses_is_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")

    done = world.inline("export", "site", str(tmp_path / "mine"))

    assert done.code == 2
    assert "en som ”export site” har skrivit tidigare" in done.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    assert "export" not in world.inline("log", "--json").out


def test_an_earlier_site_is_replaced_whole(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert world.inline("export", "site", str(folder)).code == 0
    (folder / "case" / "OLD.html").write_text("old")

    done = world.inline("export", "site", str(folder))

    assert done.code == 0, done.err
    assert not (folder / "case" / "OLD.html").exists()
    assert [path.name for path in tmp_path.iterdir() if "site" in path.name] == ["site"]


def test_a_dry_run_writes_neither_pages_nor_an_entry(world: World, tmp_path: Path) -> None:
    before = world.inline("log", "@office", "--json").out

    done = world.inline("export", "site", str(tmp_path / "site"), "--dry-run", "--json")

    assert done.json == {"folder": str(tmp_path / "site"), "cases": 1, "dry_run": True}
    assert not (tmp_path / "site").exists()
    assert world.inline("log", "@office", "--json").out == before


def test_somebody_outside_the_office_gets_no_site(world: World, tmp_path: Path) -> None:
    done = world.inline("export", "site", str(tmp_path / "site"), as_="applicant")

    assert done.code == 3
    assert not (tmp_path / "site").exists()
