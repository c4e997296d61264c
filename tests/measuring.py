"""What coverage counts of the commands that tests start (`make test FLOORS=1`)."""

import os

_ASKED = "COVERAGE_PROCESS_CONFIG"
_KEPT = "MEASURED_PROCESS_CONFIG"


def keep_to_this_process() -> None:
    """Count what a worker runs, not the thousand commands that it starts.

    Those would take two to three times as long, since each loads the whole program under measurement, and they
    reach little that no other test does.
    """
    if _ASKED in os.environ:
        os.environ[_KEPT] = os.environ.pop(_ASKED)


def counted() -> dict[str, str]:
    """The environment of a command that is counted all the same: it does what is done in no test's own process."""
    return {_ASKED: os.environ[_KEPT]} if _KEPT in os.environ else {}
