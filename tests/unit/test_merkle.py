"""The tree against its definition in RFC 6962, written out slowly, and against the RFC's own example values."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import merkle

# The leaves of the test vectors of the Certificate Transparency reference implementation.
LEAVES = [
    bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                               "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def slow_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + slow_root(hashes[:k]) + slow_root(hashes[k:])).digest()


def stored(hashes: list[bytes], steps: list[int] | None = None) -> merkle.Node:
    """A store of complete subtrees, filled in one go or in several."""
    nodes: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        return nodes[level, index]

    start = 0
    for size in [*(steps or []), len(hashes)]:
        for level, index, value in list(merkle.grown(start, hashes[start:size], node)):
            assert (level, index) not in nodes
            nodes[level, index] = value
        start = max(start, size)
    return node


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_published_vectors(size: int) -> None:
    hashes = [leaf(content) for content in LEAVES[:size]]

    assert merkle.root(size, stored(hashes)).hex() == ROOTS[size - 1]


def test_no_entries_have_the_empty_root() -> None:
    assert merkle.root(0, stored([])) == sha256(b"").digest()


@given(st.integers(1, 70), st.data())
def test_every_leaf_is_proven_and_no_other(size: int, data: st.DataObject) -> None:
    hashes = [leaf(bytes([i])) for i in range(size)]
    node = stored(hashes, sorted(data.draw(st.lists(st.integers(0, size), max_size=3))))
    index = data.draw(st.integers(0, size - 1))

    proof = merkle.inclusion(index, size, node)

    assert merkle.root_from_inclusion(hashes[index], index, size, proof) == slow_root(hashes)
    assert merkle.root_from_inclusion(leaf(b"other"), index, size, proof) != slow_root(hashes)
    if size > 1:
        other = (index + 1) % size
        assert merkle.root_from_inclusion(hashes[index], other, size, proof) != slow_root(hashes)
    assert merkle.root_from_inclusion(hashes[index], index, size, [*proof, b"x" * 32]) is None
    assert merkle.root_from_inclusion(hashes[index], size, size, proof) is None


@given(st.integers(0, 70), st.integers(0, 70), st.data())
def test_an_older_tree_is_proven_to_be_a_beginning_of_a_newer(one: int, other: int, data: st.DataObject) -> None:
    old, new = min(one, other), max(one, other)
    hashes = [leaf(bytes([i])) for i in range(new)]
    node = stored(hashes)
    roots = slow_root(hashes[:old]), slow_root(hashes)

    proof = merkle.consistency(old, new, node)

    assert merkle.is_consistent(old, roots[0], new, roots[1], proof)
    if old not in (0, new):
        changed = [leaf(b"changed"), *hashes[1:]]
        assert not merkle.is_consistent(old, slow_root(changed[:old]), new, roots[1], proof)
        assert not merkle.is_consistent(old, roots[0], new, slow_root(changed), proof)
        assert not merkle.is_consistent(old, roots[0], new, roots[1], proof[:-1])
        spoilt = data.draw(st.integers(0, len(proof) - 1))
        flipped = [bytes([p[0] ^ 1]) + p[1:] if i == spoilt else p for i, p in enumerate(proof)]
        assert not merkle.is_consistent(old, roots[0], new, roots[1], flipped)


def test_sizes_that_do_not_follow_prove_nothing() -> None:
    hashes = [leaf(b"a"), leaf(b"b"), leaf(b"c")]

    assert not merkle.is_consistent(3, slow_root(hashes), 2, slow_root(hashes[:2]), [leaf(b"x")])
    assert not merkle.is_consistent(2, slow_root(hashes[:2]), 3, slow_root(hashes), [])
    assert not merkle.is_consistent(0, leaf(b"x"), 3, slow_root(hashes), [])
    assert not merkle.is_consistent(2, slow_root(hashes[:2]), 3, slow_root(hashes), [leaf(b"c"), leaf(b"c")])
