"""The log as evidence: verify it, seal it, prove it; each part imports what it needs when it is called."""

import click

from engine.cli.audit_erase import erase
from engine.cli.audit_proof import check, prove
from engine.cli.audit_seal import cosign, key, seal
from engine.cli.audit_verify import replay, verify


@click.group()
def audit() -> None:
    """The log as evidence: verify it, replay it, seal it, prove it, erase from it."""


for command in (verify, replay, seal, prove, check, key, cosign, erase):
    audit.add_command(command)
