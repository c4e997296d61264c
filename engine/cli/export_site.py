"""`export site`: what the pages need from the command line, and what is said when they are written."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.app.handing_over import Selected, announce
from engine.app.site_content import site_content
from engine.cli.failure import reason_text
from engine.cli.masks import mask_for, strength
from engine.cli.options import Shell
from engine.cli.output import emit_json
from engine.cli.progress import track
from engine.cli.session import Session
from engine.cli.texts import TEXTS, has_text, letter_text, read, role_text
from engine.core.errors import Refusal
from engine.exports.site.folder import SiteFolder, check_place
from engine.exports.site.masked import MaskedSite
from engine.exports.site.words import Words
from engine.exports.site.writing import Site, Told


def write_site(
    shell: Shell, session: Session, selected: Selected, folder: Path, *, masked: bool, dry_run: bool
) -> None:
    """Write the pages about the cases into a folder, and say how to open them.

    Raises:
        UsageError: The folder holds something that is no earlier site.
    """
    from engine.bootstrap.plugins import granted_amount
    from engine.diagram import svg

    check_place(folder)
    cases = len(selected.references)
    if dry_run:
        _tell(shell, {"folder": folder, "cases": cases, "dry_run": True}, "site_would", folder=folder, cases=cases)
        return
    mask = mask_for(shell, session, anonymous=False) if masked else None
    announce(session.office, session.caller, "site", selected, log=True, mask=strength(mask))

    def watched(told: Iterator[Told]) -> Iterable[Told]:
        return track(told, shell.text("site_progress"), shell, cases)

    with (
        SiteFolder(folder) as draft,
        site_content(session.office, session.caller, selected.references, granted_amount) as content,
    ):
        hidden = MaskedSite(mask) if mask else None
        site = Site(draft, content, words_of(shell, session), svg, list(_glossary(shell.lang)), hidden)
        site.write(watched)
    told = {"folder": folder, "index": folder / "index.html", "cases": cases, "pages": draft.pages,
            "bytes": draft.size, "waiting": site.waiting}  # fmt: skip
    _tell(shell, told, "site_written", folder=folder, cases=cases, pages=draft.pages)
    if site.waiting:
        shell.tell("site_seal_first", n=site.waiting)
    shell.tell("site_open_it", file=folder / "index.html")


def _tell(shell: Shell, told: Mapping[str, Any], code: str, **params: Any) -> None:
    if shell.json:
        emit_json(told)
    else:
        shell.tell(code, **params)


def words_of(shell: Shell, session: Session) -> Words:
    """The words of the pages: the same as those of the command line."""
    lang = shell.lang

    def reason(told: Mapping[str, Any]) -> str:
        return reason_text(Refusal(told["code"], told["params"], titles=told["titles"]), lang)

    return Words(
        lang=lang, zone=session.office.calendar.zone, text=shell.text, has=lambda code: has_text(code, lang),
        role=lambda role: role_text(role, lang), letter=lambda name: letter_text(name, lang), reason=reason,
    )  # fmt: skip


def _glossary(lang: str) -> Iterator[tuple[str, str, str]]:
    """(Swedish, English, meaning) of every term, by the term in the language of the pages."""
    terms = {each: read(TEXTS / each / "glossary.toml") for each in ("sv", "en")}
    swedish = str.maketrans("åäö", "{|}")  # å, ä and ö come after z, in that order
    for key in sorted(terms[lang], key=lambda one: str(terms[lang][one]["term"]).casefold().translate(swedish)):
        yield terms["sv"][key]["term"], terms["en"][key]["term"], terms[lang][key].get("means", "")
