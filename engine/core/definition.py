"""What a workflow definition consists of, as frozen data.

`build.py` makes these from plain data and `validate.py` judges them; nothing here checks anything.
Every `Text` is a pair of Swedish and English.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

Text = Mapping[str, str]
"""`{"sv": ..., "en": ...}`."""

FieldType = Literal[
    "text", "longtext", "integer", "money", "date", "instant", "flag",
    "choice", "choices", "organisation", "person", "case", "list",
]  # fmt: skip
Roll = Literal["forward", "back", "none"]


class Field(Struct, frozen=True):
    """One field of a case's data.

    Attributes:
        of: For `choice` and `choices` the ids; for `case` the workflow that is pointed at.
        labels: Titles of the choices.
        item: Fields of one record, for `list`.
        required: Every case holds it from its opening on.
        personal: Kept only in the erasable payload of the log, never in its line.
        signed: Kinds of document whose signatures cover this field too.
        parent: A `case` field that also says which case is the parent.
        computed: Set by fills alone; nobody can type it.
        amend_by: Roles that may change it by `amend`; None = whoever may edit in that state; () = by events only.
        day: What a bare date means for an `instant`: "start", "end" (24:00 local), or None = refused.
        counter: Pattern of its own series of numbers, `"{body} {year}-{number:05}"`, given by the fill `next_number@1`.
    """

    id: str
    type: FieldType
    title: Text
    help: Text | None = None
    of: tuple[str, ...] = ()
    labels: Mapping[str, Text] = field(default_factory=dict)
    item: Mapping[str, "Field"] = field(default_factory=dict)
    required: bool = False
    personal: bool = False
    signed: tuple[str, ...] = ()
    parent: bool = False
    computed: bool = False
    amend_by: tuple[str, ...] | None = None
    day: Literal["start", "end"] | None = None
    minimum: str | None = None
    maximum: str | None = None
    counter: str | None = None


class DocumentKind(Struct, frozen=True):
    """A kind of document that cases of this workflow may hold.

    Attributes:
        direction: Whether such a document comes in, goes out or stays in the office, where the command says nothing.
    """

    id: str
    title: Text
    retention: str | None = None
    keep: bool = True
    direction: Literal["in", "out", "internal"] = "in"


class State(Struct, frozen=True):
    """Where a case can be.

    Attributes:
        public: What the applicant reads; `future` what it reads before the state is reached.
        owner: The role that has to act; None in a final state.
        resting: Why no deadline is needed here, or None.
        edit: Roles that may `amend`, `attach` and change parties here; None = the owner and officer.
        view: External roles that may see the case here; None = all parties.
    """

    id: str
    title: Text
    phase: str
    owner: str | None = None
    final: bool = False
    resting: Text | None = None
    public: Text | None = None
    future: Text | None = None
    edit: tuple[str, ...] | None = None
    view: tuple[str, ...] | None = None


class GuardUse(Struct, frozen=True):
    """A named guard with its parameters, as one transition uses it."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    waivable_by: tuple[str, ...] = ()


class Needs(Struct, frozen=True):
    """What a transition demands of the case and its command.

    Attributes:
        fields: The case holds them, or the command brings them.
        brings: The command brings them, each time anew (a reason, a paragraph).
        documents: A document of the kind is filed, now or before.
        new_documents: A document of the kind was filed since the case came to its state, or comes with the command.
        signatures: `WHO:KIND`; WHO is `owner.signatory`, `partner.signatory`, `head`, `chair`, ..., or `every` =
            the signatory of every required party; the signature must be over the content as it is now.
        children: `{"workflow": "report", "states": ["approved"], "where": {"kind": "start"}}`: at least one such child.
    """

    fields: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    new_documents: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    children: tuple[Mapping[str, Any], ...] = ()


class Notice(Struct, frozen=True):
    """A message that a transition sends.

    Attributes:
        to: Recipient tokens: `owner:contact`, `partner:leader`, a role (`officer`: the assignee, else all of that
            role), `@name` = a recipient list of the definition.
        attach: Document kinds, and `calendar`.
        when: Guards that must all pass for it to be sent.
    """

    message: str
    to: tuple[str, ...]
    attach: tuple[str, ...] = ()
    when: tuple[GuardUse, ...] = ()


class Spawn(Struct, frozen=True):
    """A case that a transition opens.

    Attributes:
        opening: The opening event of that workflow.
        set: Field -> expression: `"=literal"`, `"case.field"`, `"parent.field"`, or a date rule
            (`"start_date + 2 months"`).
        for_role: Only where the acting role is one of these; () = always.
        parties: Take over the parties of this case.
        when: Guards that must all pass for it to be opened.
    """

    workflow: str
    opening: str
    title: Text
    set: Mapping[str, Any] = field(default_factory=dict)
    for_role: tuple[str, ...] = ()
    parties: bool = True
    when: tuple[GuardUse, ...] = ()


class Fire(Struct, frozen=True):
    """An event tried on related cases in the same transaction.

    Attributes:
        on: `parent`, `children`, `siblings`, or `linking:FIELD` = cases whose case field FIELD points here.
        set: As in `Spawn`.
    """

    workflow: str
    event: str
    on: str
    set: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[GuardUse, ...] = ()


class Approvals(Struct, frozen=True):
    """How many must say yes before the case moves.

    Attributes:
        count: So many different persons; None with `each`.
        each: "required_party": one answer from every required party.
        order: "any" or "sequence" (roles of `by` in their order).
    """

    count: int | None = None
    each: str | None = None
    order: Literal["any", "sequence"] = "any"


class Transition(Struct, frozen=True):
    """One allowed move. An opening is a transition without a `source`.

    Attributes:
        source: States it leaves from; empty for an opening.
        target: A state, `@same` or `@previous`.
        by: Roles that may; `system` alone = the clock or another case.
        takes: Fields that the command may bring beside what `needs` names.
        when: Guards that choose between several edges of one event; they are silent where another edge applies.
        guards: Rules; all are asked and every refusal is told.
        limit: Field and, per role, the largest amount: `{"field": "granted_amount", "head": "500000.00"}`.
        set: Field -> literal value set by the move.
        fills: Field -> name of a fill, for a field that the command did not bring.
        auto: Tried by the system after each accepted change of the case.
        plans: Series of children that are planned, or planned anew, at this move.
        voids: "signatures": what was signed is signed no more.
        item: Field of the command that names which item of a `for_each` deadline is meant (1, 2, ...).
    """

    event: str
    title: Text
    source: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    needs: Needs = Needs()
    takes: tuple[str, ...] = ()
    when: tuple[GuardUse, ...] = ()
    guards: tuple[GuardUse, ...] = ()
    not_same_person_as: tuple[str, ...] = ()
    approvals: Approvals | None = None
    limit: Mapping[str, str] | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    fills: Mapping[str, str] = field(default_factory=dict)
    notify: tuple[Notice, ...] = ()
    spawns: tuple[Spawn, ...] = ()
    fires: tuple[Fire, ...] = ()
    plans: tuple[str, ...] = ()
    auto: bool = False
    voids: tuple[str, ...] = ()
    item: str | None = None
    help: Text | None = None

    @property
    def is_opening(self) -> bool:
        """Whether it begins a case instead of moving one."""
        return not self.source


class DeadlineRule(Struct, frozen=True):
    """A deadline that lives while its case is in a set of states (DECISIONS.md 26).

    Attributes:
        while_in: The states it lives in.
        opened_by: Events that open it, or anchor it anew; () = entering the set opens it.
        met_by: Events that meet it, also where the case stays in the set.
        cancelled_by: Events that end it unmet although the case stays in the set.
        due: `ANCHOR [+|- N unit] [at HH:MM]`; see `deadline.py`.
        remind: Name of a ladder, or its steps (`"-30d"`); () = no reminders.
        remind_from: Another anchor that the steps count from.
        to: Recipients of reminders; empty = those of the owner's role.
        escalate: Step -> further recipients.
        then: Event fired by the system when the instant (plus `then_after`) has passed.
        pausable: A stopped clock shifts it.
        timer: It has no ladder on purpose and nobody is told.
        for_each: A `list` field with one instance per record; `due` may then say `item.FIELD`.
        message: Template in place of `reminder`.
        moved_by: Event that moves the day when somebody extends the deadline: the field that `due` names is set by it.
    """

    name: str
    title: Text
    while_in: tuple[str, ...]
    due: str
    owner: str
    opened_by: tuple[str, ...] = ()
    met_by: tuple[str, ...] = ()
    cancelled_by: tuple[str, ...] = ()
    roll: Roll = "none"
    remind: str | tuple[str, ...] = ()
    remind_from: str | None = None
    to: tuple[str, ...] = ()
    escalate: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    then: str | None = None
    then_after: str | None = None
    pausable: bool = False
    timer: bool = False
    for_each: str | None = None
    message: str | None = None
    moved_by: str | None = None


class Ladder(Struct, frozen=True):
    """Named reminder steps (`"-30d"`, `"0d"`, `"+7d"`) and who is told when they fail."""

    name: str
    steps: tuple[str, ...]
    escalate: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Series(Struct, frozen=True):
    """Children that recur, anchored and never chained.

    Attributes:
        anchor: Field that the dates count from.
        every: `"6 months"`; `each` adds fixed days of the year (`"12-31"`).
        until: Field with the day before which all dates lie.
        ahead: How many not yet answered children exist at a time.
        waiting: States of a child that is planned and not yet answered.
        drop: Event fired on a waiting child whose date lies beyond `until`.
        key: Field of the child that holds its date.
        set: As in `Spawn`; `date` is the date of the series.
    """

    name: str
    workflow: str
    opening: str
    title: Text
    anchor: str
    until: str
    key: str
    ahead: int
    waiting: tuple[str, ...]
    drop: str
    every: str | None = None
    each: tuple[str, ...] = ()
    set: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


class RecipientList(Struct, frozen=True):
    """Recipients that are neither parties nor roles.

    Attributes:
        subscribers: Name of a mailing list of people.
        workflow, states, on, to: The `to` tokens of related cases; `on` as in `Fire`, or "all".
    """

    name: str
    title: Text
    subscribers: str | None = None
    workflow: str | None = None
    states: tuple[str, ...] = ()
    on: str | None = None
    to: tuple[str, ...] = ()


class Review(Struct, frozen=True):
    """The form that reviewers fill in: criterion -> title, scored 0 to `maximum`."""

    criteria: Mapping[str, Text]
    by: tuple[str, ...]
    while_in: tuple[str, ...]
    maximum: int = 5


class Definition(Struct, frozen=True):
    """One published version of one workflow: all that the engine knows of its rules.

    Attributes:
        digest: Standard base64 of the SHA-256 of its canonical JSON.
        record: Recording role -> roles whose acts it may record (`--on-behalf-of`).
        rights: Command (`attach`, `sign`, `party`, `assign`, ...) -> roles, where they differ from the defaults.
        owners: Owner role -> recipients of reminders.
    """

    name: str
    version: int
    title: Text
    reference: str
    initial: str
    digest: str
    phases: Mapping[str, Text]
    fields: Mapping[str, Field]
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    deadlines: Mapping[str, DeadlineRule] = field(default_factory=dict)
    documents: Mapping[str, DocumentKind] = field(default_factory=dict)
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    recipients: Mapping[str, RecipientList] = field(default_factory=dict)
    record: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    review: Review | None = None

    def edges(self, event: str) -> tuple[Transition, ...]:
        """The edges of an event, openings left out, in the order of the file."""
        return tuple(t for t in self.transitions if t.event == event and not t.is_opening)

    def openings(self) -> tuple[Transition, ...]:
        """How a case of this workflow may begin."""
        return tuple(t for t in self.transitions if t.is_opening)
