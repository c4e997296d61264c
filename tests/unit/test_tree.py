"""The tree over the log gives the roots that every other implementation of RFC 6962 gives."""

from base64 import b64decode

import pytest

from engine.core.tree import Tree

# The leaves and roots that the reference implementation of Certificate Transparency tests itself with.
LEAVES = ["", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "PQRSTUVW", "`abcdefghijklmno"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_so_many_leaves_is_the_known_one(size: int) -> None:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.add(leaf)

    assert b64decode(tree.root).hex() == ROOTS[size]
    assert tree.size == size


@pytest.mark.parametrize("size", range(9))
def test_a_tree_taken_up_from_its_nodes_goes_on_as_one_that_was_grown(size: int) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    whole = Tree()
    for place, leaf in enumerate(LEAVES[:size]):
        nodes |= {(level, place >> level): value for level, value in enumerate(whole.add(leaf))}

    taken_up = Tree.grown_to(size, lambda level, index: nodes[level, index])

    assert (taken_up.size, taken_up.root) == (size, whole.root)
    assert taken_up.add("more") == whole.add("more")
    assert taken_up.root == whole.root
