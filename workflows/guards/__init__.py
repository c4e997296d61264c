"""Named guards: pure functions that a definition refers to by name and version."""
