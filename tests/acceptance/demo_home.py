"""The home that `skede demo` leaves, made once in a run of the tests: it takes a third of a minute."""

import fcntl
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measuring
import pytest
from running import SKEDE

SLOWEST = 110
"""Seconds that a loaded machine may take."""


@dataclass(frozen=True)
class Demo:
    """A demo home, and what the command told with `--json`. Tests look at it; those that change it copy it first."""

    home: Path
    told: dict[str, Any]
    err: str


def shared_demo(factory: pytest.TempPathFactory) -> Demo:
    """The demo of this run; whichever worker comes first makes it, the others wait."""
    base = factory.getbasetemp()
    root = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with (root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home, told, err = root / "demo-home", root / "demo.json", root / "demo.err"
        if not told.exists():
            done = run_demo("--json", str(home))
            assert done.returncode == 0, done.stderr
            err.write_text(done.stderr, "utf-8")
            told.write_text(done.stdout, "utf-8")
        return Demo(home, json.loads(told.read_text("utf-8")), err.read_text("utf-8"))


def run_demo(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The real command, in a process of its own, without any setting of this environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SKEDE_", "_SKEDE"))}
    return subprocess.run(
        [SKEDE, "demo", *args], capture_output=True, encoding="utf-8", timeout=SLOWEST, env=clean | measuring.counted(),
        cwd=cwd, check=False,
    )  # fmt: skip
