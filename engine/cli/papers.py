"""The commands that file papers in a case, and signatures on them."""

from collections.abc import Mapping
from typing import Any

import click

from engine.cli.change import do
from engine.cli.giving import Gave, day_of_when, given, giving, occurred_at, paper
from engine.cli.options import KIND_PATH, Shell, pass_shell
from engine.cli.session import Session
from engine.core.errors import UsageError


@click.command()
@click.argument("ref")
@click.argument("papers", nargs=-1, required=True, metavar="KIND=PATH…", type=KIND_PATH)
@click.option(
    "--direction", type=click.Choice(("in", "out", "internal")),
    help="Whether it came in, went out, or stays in the office; else as its kind says.",
)  # fmt: skip
@click.option("--from", "sender", metavar="T", help="Who sent it.")
@click.option("--to", "recipient", metavar="T", help="Whom it went to; says that it went out.")
@click.option("--received", metavar="WHEN", help="When it came, if not now.")
@click.option("--secrecy", metavar="PARAGRAPH", help="Marked as secret under this section of the law.")
@click.option("--draft", is_flag=True, help="A working copy, not yet a document of the office.")
@giving()
@pass_shell
def attach(shell: Shell, /, ref: str, papers: tuple[tuple[str, str], ...], gave: Gave, **asked: Any) -> None:
    """File documents in a case."""
    from engine.app.papers import attach as file_papers

    if asked["sender"] and asked["recipient"]:
        raise UsageError(
            "--from and --to exclude each other: a document came in, or it went out",
            says="options_exclude", one="--from", other="--to",
        )  # fmt: skip
    direction = "out" if asked["recipient"] else asked["direction"] or ("in" if asked["sender"] else None)

    def change(session: Session) -> Mapping[str, Any]:
        received = occurred_at(session, asked["received"]) if asked["received"] else None
        filed = [
            paper(kind, path, direction=direction, received_at=received, sender=asked["sender"] or asked["recipient"],
                  secrecy=asked["secrecy"], draft=asked["draft"])
            for kind, path in papers
        ]  # fmt: skip
        return file_papers(session.office, session.caller, ref, given(session, gave, filed))

    do(shell, gave, change)


@click.command()
@click.argument("ref")
@click.option("--party", "who", metavar="ROLE", help="For whom: owner, partner, owner.leader, head, ...")
@click.option("--by", metavar="PERSON", help="Who signed.")
@click.option("--document", metavar="KIND|ID", help="What was signed.")
@click.option("--signed-on", metavar="D", help="The day of the signature, if not today.")
@click.option("--authority", metavar="PATH", help="The document that gives the right to sign.")
@click.option(
    "--method", type=click.Choice(("paper", "esign")), default="paper", show_default=True, help="How it was signed."
)
@click.option("--evidence", metavar="PATH", help="The validation report of an electronic signature.")
@click.option("--reject", type=click.IntRange(min=1), metavar="ID", help="Record that signature ID was refused.")
@click.option("--void", type=click.IntRange(min=1), metavar="ID", help="Declare signature ID void.")
@giving()
@pass_shell
def sign(shell: Shell, /, ref: str, gave: Gave, **asked: Any) -> None:
    """Record a signature, or that one was refused or holds no more."""
    from engine.app import papers

    if asked["reject"] and asked["void"]:
        raise UsageError(
            "--reject and --void exclude each other: leave one out",
            says="options_exclude", one="--reject", other="--void",
        )  # fmt: skip
    number = asked["reject"] or asked["void"]
    if number:
        rejected = asked["reject"] is not None
        do(shell, gave, lambda s: papers.unsign(s.office, s.caller, ref, number, given(s, gave), rejected=rejected))
        return
    missing = [f"--{'party' if n == 'who' else n}" for n in ("who", "by", "document") if not asked[n]]
    if missing:
        raise UsageError(
            f"{', '.join(missing)} missing: say for whom, who signed, and which document",
            says="signature_incomplete", missing=missing,
        )  # fmt: skip

    def change(session: Session) -> Mapping[str, Any]:
        proofs = [paper(kind, asked[kind]) for kind in ("authority", "evidence") if asked[kind]]
        day = day_of_when(session, asked["signed_on"]) if asked["signed_on"] else None
        return papers.sign(
            session.office, session.caller, ref, asked["who"], asked["by"], asked["document"], given(session, gave),
            signed_on=day, method=asked["method"], proofs=proofs,
        )  # fmt: skip

    do(shell, gave, change)
