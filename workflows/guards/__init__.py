"""Named guards: pure functions that a definition refers to by name and version.

Importing this package registers them all in `registry`. A guard is never changed in place: what it meant when a
decision was made it means for ever, and a new rule is a new version.
"""

from importlib import import_module
from pkgutil import iter_modules

from workflows.guards.registry import registry

__all__ = ["registry"]

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
