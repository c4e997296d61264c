"""Guards about what was brought in from elsewhere, and was therefore done by nobody here."""

from engine.core.errors import Refusal
from engine.core.guard import Context
from workflows.guards.registry import registry
from workflows.guards.values import Refusals


@registry.guard("attested_here@1")
def attested_here(context: Context, /) -> Refusals:
    """The attest was given here, by a person who answers for it: one that came with an import counts for nothing."""
    if "rq_approve" not in context.case.events:
        yield Refusal("attest_imported", {}, 'skede advance {case} rq_recall -s reason="…"', who=("controller", "head"))
