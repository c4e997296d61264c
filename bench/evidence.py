"""Sealing, proving and holding a log of 100,000 entries against its seals; the floor is hashing its lines alone.

Prints seconds. The goal for one proof is 0.1 s (the command adds the start of Python). Run: make bench
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from engine.app.office import Caller, Office
from engine.app.prove import prove
from engine.app.seal import seal_by_hand
from engine.app.verify_seals import check_seals
from engine.bootstrap.home import make_home
from engine.bootstrap.office import open_office
from engine.core.chain import genesis, leaf_hash
from engine.core.entry import Entry, line, parse
from engine.core.proof import parse_proof, proven_entries
from engine.ports import LogLine
from engine.settings import load
from engine.signing import checked_note

ENTRIES, CHAIN = 100_000, 50
AT = "2021-03-01T09:00:00.000000Z"
ADMIN = Caller("root", "os:bench")


def fill(office: Office) -> list[str]:
    """Many short chains, as cases are."""
    lines = []
    with office.store.write() as tx:
        for case in range(ENTRIES // CHAIN):
            reference, prev = f"X-2021-{case:05}", genesis("bench", f"X-2021-{case:05}")
            for n in range(1, CHAIN + 1):
                body = {"set": {"amount": "100000.00", "purpose": "Ett ändamål om en rad"}, "guards": ["a@1", "b@1"]}
                text = line(Entry("amend", reference, n, AT, AT, "u:17", "os:anna", body=body, prev=prev))
                tx.log.append(LogLine(reference, n, text))
                prev = leaf_hash(text)
                lines.append(text)
    return lines


def seconds(run: Callable[[], object], rounds: int = 1) -> float:
    """The median time of a run."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Measure on a home of its own in the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_home(home, ADMIN, sandbox=True, start=datetime(2021, 3, 1, 9, tzinfo=UTC))
        office = open_office(load(home))
        lines = fill(office)
        floor = seconds(lambda: [sha256(b"\x00" + text.encode()).digest() for text in lines], 5)
        sealed = seconds(lambda: seal_by_hand(office, ADMIN))
        with office.store.read() as tx:
            chain = [parse(logged.line) for logged in tx.log.entries("@office")]
            walked = seconds(lambda: check_seals(tx, office, chain), 3)
        proof = prove(office, ADMIN, "@office", "3").text()
        assert office.signer is not None
        keys = office.signer().public_keys()

        def check() -> None:
            file = parse_proof(proof)
            checked_note(file.note, keys)
            proven_entries(file)

        print(f"floor: hash {ENTRIES:,} lines       {floor:8.3f} s")
        print(f"seal them (tree, sign, store)    {sealed:8.3f} s")
        print(f"hold the log against its seals   {walked:8.3f} s   {walked / floor:.1f} x the floor")
        print(f"prove one entry                  {seconds(lambda: prove(office, ADMIN, '@office', '3'), 50):8.5f} s")
        print(f"check that proof                 {seconds(check, 50):8.5f} s   {len(proof.encode()):,} bytes")


if __name__ == "__main__":
    main()
