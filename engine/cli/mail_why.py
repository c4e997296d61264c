"""`mail why`: in a sentence, why something was, or was not, sent."""

from collections.abc import Mapping
from typing import Any

import click

from engine.cli.options import Shell, pass_shell
from engine.cli.output import emit_json, mark_sandbox, say, say_styled
from engine.cli.session import Session, moment_text, open_session
from engine.cli.texts import letter_text


@click.command("why")
@click.argument("ref", metavar="REF|ID")
@pass_shell
def why(shell: Shell, ref: str) -> None:
    """Why a message (ID) was, or was not, sent; or all that a case (REF) has said, left unsaid and will say."""
    from engine.app.mail_why import why_case, why_message

    session = open_session(shell, read_only=True)
    if ref.isascii() and ref.isdecimal():
        told = with_sentence(shell, session, why_message(session.office, session.caller, int(ref)))
    else:
        told = why_case(session.office, session.caller, ref)
        for part in ("messages", "unsaid", "coming"):
            told[part] = [with_sentence(shell, session, each) for each in told[part]]
    if session.sandbox:
        mark_sandbox(shell.text("sandbox"), as_json=shell.json)
    if shell.json:
        emit_json(told)
    elif "messages" in told:
        _print_case(shell, told)
    else:
        _print_message(shell, told)


def with_sentence(shell: Shell, session: Session, told: Mapping[str, Any]) -> dict[str, Any]:
    """What was found out, with its code and parameters as a sentence."""
    params = {
        name: moment_text(session, value) if name.endswith("_at") and value else value
        for name, value in told["params"].items()
    }
    sentence = shell.text(f"why_{told['code']}", **params).strip()
    erased = told.get("erased")
    if erased:
        sentence += " " + shell.text("mail_made_erased", **{**erased, "at": moment_text(session, erased["at"])})
    return {**told, "sentence": sentence}


def _print_message(shell: Shell, told: Mapping[str, Any]) -> None:
    to = told["to_name"] or told["to"] or shell.text("mail_no_recipient")
    letter, state = letter_text(told["template"], shell.lang), shell.text("mail_" + told["state"])
    say(f"{told['id']}  {state}  {letter}  {to}  {told['decided_by']}")
    say(f"  {told['sentence']}")


def _print_case(shell: Shell, told: Mapping[str, Any]) -> None:
    say_styled([(told["case"], "bold"), (f"  {told['title']}", None)], color=shell.color)
    if not any(told[part] for part in ("messages", "unsaid", "coming")):
        say(shell.text("why_nothing"))
    for part in ("messages", "unsaid", "coming"):
        if told[part]:
            say()
            say_styled([(shell.text(f"why_{part}"), "bold")], color=shell.color)
        for each in told[part]:
            if part == "messages":
                _print_message(shell, each)
            else:
                say(f"  {each['sentence']}")
