"""The registry in which every guard and fill of this office is entered by its versioned name."""

from engine.core.guard import Registry

registry = Registry()
