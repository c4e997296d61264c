"""Changes that are not moves: fields, notes, people, papers and signatures. Each is an entry too."""

from typing import Any

from msgspec.structs import replace

from engine.core.acting import Acting
from engine.core.amending import editors, parse_values
from engine.core.announcing import welcomes
from engine.core.case import Case, ReviewGiven, Signature
from engine.core.choosing import arrived_ahead, documents_from
from engine.core.command import Amend, Assign, Attach, ChangeParty, Command, Note, Recuse, Review, Sign, Unsign
from engine.core.decision import Decision, Draft, Setup
from engine.core.errors import NotFound, Refusal, TransitionRefused, UsageError
from engine.core.language import FUNCTIONS, PARTY_ROLES, SIGNING_OFFICES
from engine.core.message import Message
from engine.core.moves import check_time, put_documents
from engine.core.parties import changed_party
from engine.core.plain import party_to_plain, review_to_plain, signature_to_plain
from engine.core.rights import acting_for
from engine.core.schedule import Setting, after_change
from engine.core.signing import outdated, signing_content, valid_signatures, wanted_signers


def _draft(setup: Setup, case: Case, command: Command, act: str, acting: Acting) -> Draft:
    draft = Draft(setup, command, case, act, acting, check_time(setup, case, command))
    draft.put_note(command.note)
    return draft


def _refuse(code: str, **params: Any) -> TransitionRefused:
    return TransitionRefused(reasons=[Refusal(code, params)])


def _conclude(draft: Draft, messages: tuple[Message, ...] = ()) -> Decision:
    """Finish a change that may have touched what is signed, or what a deadline is anchored in."""
    setup, after = draft.setup, draft.preview()
    if fallen := outdated(setup.definition, after):
        draft.body["voided"] = list(fallen)
    if after.approvals and ("set" in draft.body or "private" in draft.body or fallen):
        draft.body["approvals_cleared"] = True
    setting = Setting(setup.definition, setup.calendar, setup.facts, after, draft.n, draft.occurred, setup.now)
    return draft.conclude(after_change(setting, draft.case), messages=messages)


def amend(setup: Setup, case: Case, command: Amend) -> Decision:
    """Change fields or the title, with a note that says why."""
    values = parse_values(setup, command.set)
    fields = setup.definition.fields
    wanted = {name: editors(setup.definition, case, fields[name]) for name in values}
    if command.title is not None:
        wanted["title"] = editors(setup.definition, case)
    acting = acting_for(
        setup.definition, case, command, "amend", fits=lambda role: all(role in roles for roles in wanted.values())
    )
    refusals = [
        Refusal("field_not_amendable", {"field": name, "state": case.state}, who=roles)
        for name, roles in wanted.items() if acting.role not in roles
    ]  # fmt: skip
    refusals += [
        Refusal("field_missing", {"field": name}, f"skede amend {case.reference} -s {name}=…")
        for name in values
        if values[name] is None and fields[name].required
    ]
    if not command.note:
        refusals.append(Refusal("note_missing", {}, f'skede amend {case.reference} … -n "…"'))
    if refusals:
        raise TransitionRefused(reasons=refusals)
    if not wanted:
        raise UsageError("nothing to change: give a field with -s FIELD=VALUE", says="nothing_to_change")
    draft = _draft(setup, case, command, "amend", acting)
    draft.put_values(values)
    if command.title is not None:
        draft.body["title"] = command.title
    return _conclude(draft)


def note(setup: Setup, case: Case, command: Note) -> Decision:
    """Write a note."""
    draft = _draft(setup, case, command, "note", acting_for(setup.definition, case, command, "note"))
    if not command.note:
        raise UsageError("the note is empty", says="note_empty")
    return draft.conclude()


def assign(setup: Setup, case: Case, command: Assign) -> Decision:
    """Give the case to somebody."""
    draft = _draft(setup, case, command, "assign", acting_for(setup.definition, case, command, "assign"))
    if setup.definition.states[case.state].final:
        raise _refuse("state_final", event="assign", state=case.state)
    draft.body["assignee"] = command.assignee
    return draft.conclude()


def recuse(setup: Setup, case: Case, command: Recuse) -> Decision:
    """Record or lift a conflict of interest."""
    draft = _draft(setup, case, command, "recuse", acting_for(setup.definition, case, command, "recuse"))
    if not command.note:
        raise _refuse("note_missing")
    if command.lift and command.person == command.actor.person:
        raise _refuse("recused", person=command.person)
    named = set(case.recused) - {command.person} if command.lift else {*case.recused, command.person}
    draft.body["recused"] = sorted(named)
    if any(command.person in approval.people for approval in case.approvals):
        # What a person with a conflict of interest has said yes to is asked anew.
        draft.body["approvals_cleared"] = True
    return draft.conclude()


def review(setup: Setup, case: Case, command: Review) -> Decision:
    """Give one reviewer's scores; giving them again replaces them."""
    form = setup.definition.review
    if form is None or case.state not in form.while_in:
        raise _refuse("review_not_allowed", state=case.state)
    draft = _draft(setup, case, command, "review", acting_for(setup.definition, case, command, "review"))
    missing = [name for name in form.criteria if name not in command.scores]
    if missing:
        raise _refuse("review_incomplete", missing=missing)
    for name, score in command.scores.items():
        if name not in form.criteria or not 0 <= score <= form.maximum:
            raise UsageError(
                f"{name}={score}: a criterion of this form is scored 0 to {form.maximum}",
                says="score_out_of_range",
                name=name,
                score=score,
                maximum=form.maximum,
            )
    person = command.actor.person or command.actor.user
    draft.body["review"] = review_to_plain(ReviewGiven(person, command.scores, draft.n))
    return draft.conclude()


def attach(setup: Setup, case: Case, command: Attach) -> Decision:
    """File documents."""
    draft = _draft(setup, case, command, "attach", acting_for(setup.definition, case, command, "attach"))
    if setup.definition.states[case.state].final:
        raise _refuse("state_final", event="attach", state=case.state)
    for upload in command.uploads:
        if upload.kind not in setup.definition.documents:
            raise UsageError(
                f"{setup.definition.name} has no document kind {upload.kind}; it has "
                + ", ".join(sorted(setup.definition.documents))
            )
    if ahead := arrived_ahead(setup, command.uploads):
        raise TransitionRefused(reasons=ahead)
    put_documents(draft, documents_from(setup.definition, command.uploads, case, draft.n, draft.occurred))
    return _conclude(draft)


def sign(setup: Setup, case: Case, command: Sign) -> Decision:
    """Record a signature over what the case is now."""
    draft = _draft(setup, case, command, "sign", acting_for(setup.definition, case, command, "sign"))
    documents = documents_from(setup.definition, command.uploads, case, draft.n, draft.occurred)
    put_documents(draft, documents)
    filed = replace(case, documents=case.documents + documents)
    found = next(
        (d for d in reversed(filed.documents) if command.document in (str(d.id), d.kind) and not d.draft), None
    )
    if found is None:
        raise NotFound(
            f"{case.reference} has no document {command.document}: attach it first",
            says="document_unknown", case=case.reference, document=command.document,
        )  # fmt: skip
    newest = filed.document(found.kind)
    if newest is None or newest.id != found.id:
        raise _refuse("signature_outdated", who=command.who, kind=found.kind)
    party = _signing_party(setup, filed, command)
    if command.signed_on > setup.calendar.day(setup.now):
        raise _refuse("occurred_in_future", at=command.signed_on.isoformat())
    content = signing_content(setup.definition, filed, found.kind)
    _check_new(setup, case, command, party, found.kind)
    signature = Signature(
        id=len(case.signatures) + 1, who=command.who, party=party, person=command.person, document=found.id,
        kind=found.kind, content=content or "", signed_on=command.signed_on, method=command.method, n=draft.n,
    )  # fmt: skip
    draft.body["signs"] = [signature_to_plain(signature)]
    return _conclude(draft)


def _check_new(setup: Setup, case: Case, command: Sign, party: int | None, kind: str) -> None:
    """A person signs for a party once: a second signature over the same would say nothing, and pass for another's."""
    standing = valid_signatures(setup.definition, case, kind)
    if any((s.who, s.party, s.person) == (command.who, party, command.person) for s in standing):
        raise _refuse("signed_already", person=command.person, who=command.who, kind=kind)


def _signing_party(setup: Setup, case: Case, command: Sign) -> int | None:
    """The number of the party signed for.

    The signer must be named in that function, or bring a document of authority (`--authority`).
    """
    role, dot, function = command.who.partition(".")
    if (role not in PARTY_ROLES or function not in FUNCTIONS) if dot else role not in SIGNING_OFFICES:
        known = ", ".join((*PARTY_ROLES, *SIGNING_OFFICES))
        raise UsageError(
            f"nobody signs as {command.who}: give one of {known}, or ROLE.FUNCTION of a party",
            says="signer_unknown",
            what=command.who,
            known=known,
        )
    if not dot:
        if role == "head" and command.person not in setup.facts.people("users:head"):
            raise _refuse("signer_not_named", person=command.person, who=command.who)
        return None
    signers = [number for _, number in wanted_signers(case, command.who) if number is not None]
    if command.party is not None:
        signers = [number for number in signers if number == command.party]
    if not signers:
        raise _refuse("party_unknown", who=command.who)
    named = [p.id for p in case.parties if p.id in signers and command.person in p.people.get(function, ())]
    if named:
        return named[0]
    if any(u.kind == "authority" for u in command.uploads) and len(signers) == 1:
        return signers[0]
    fix = f"skede party {case.reference} replace {role}=ORG:PERSON:{function}"
    params = {"person": command.person, "who": command.who}
    raise TransitionRefused(reasons=[Refusal("signer_not_named", params, fix)])


def unsign(setup: Setup, case: Case, command: Unsign) -> Decision:
    """Void a signature, or record that it was refused."""
    draft = _draft(setup, case, command, "unsign", acting_for(setup.definition, case, command, "sign"))
    if not command.note:
        raise _refuse("note_missing")
    if not any(s.id == command.signature and s.state == "valid" for s in case.signatures):
        raise NotFound(
            f"{case.reference} has no valid signature {command.signature}",
            says="signature_none",
            case=case.reference,
            signature=command.signature,
        )
    draft.body["rejected" if command.rejected else "voided"] = [command.signature]
    return draft.conclude()


def change_party(setup: Setup, case: Case, command: ChangeParty) -> Decision | None:
    """Add a party or people of it, replace its people, or end a function or all of it.

    What stood before stays in the log and in old papers. Who becomes a contact by it is welcomed, once for a whole
    family of cases (`tests/data/machines.yaml`).
    """
    draft = _draft(setup, case, command, "party", acting_for(setup.definition, case, command, "party"))
    if setup.definition.states[case.state].final:
        raise _refuse("state_final", event="party", state=case.state)
    party = changed_party(case, command, command.since or setup.calendar.day(setup.now))
    if party is None:
        return None
    draft.body["parties"] = [party_to_plain(party)]
    if (command.cause or "").startswith(f"{case.parent}#"):
        # Who is new in the case above was told there.
        return _conclude(draft)
    return _conclude(draft, welcomes(setup, case, draft.preview(), draft.n))
