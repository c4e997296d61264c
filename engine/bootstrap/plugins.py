"""What `workflows` and `notifications` bring: the workflows that ship, the guards' rules, sample letters."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.case import Case
from engine.core.definition import Definition


def shipped() -> dict[str, tuple[dict[str, Any], str]]:
    """The workflows that ship, as `publish` takes them."""
    import workflows
    from engine.readers.toml import read_definition

    folder = Path(workflows.__file__).parent
    return {path.name: read_definition(path) for path in sorted(folder.glob("*.toml"))}


def history_workflow() -> tuple[dict[str, Any], str]:
    """The workflow of cases whose steps no other workflow knows; published in a home when it first needs it."""
    import workflows
    from engine.readers.toml import read_definition

    return read_definition(Path(workflows.__file__).parent / "apart" / "history.toml")


def sample_variables(definition: Definition, lang: str) -> Mapping[str, Any]:
    """Sample values for the mail templates of a workflow."""
    from notifications import sample

    return sample.sample_variables(definition, lang)


def granted_amount(application: Case) -> Decimal:
    """What is granted to an application now, by the rule that the guards go by."""
    from workflows.guards.call import granted_amount as by_rule

    return by_rule(application)
