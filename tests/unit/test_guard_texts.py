"""Every refusal of the guards of calls, meetings and applications has a sentence in both languages."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MINE = ("common", "dates", "related", "values", "parties", "application", "meeting", "call")


def refusals_of(module: str) -> dict[str, set[str]]:
    """Every refusal code of a module of guards, with the parameters that are seen to be given where it is made."""
    tree = ast.parse((ROOT / f"workflows/guards/{module}.py").read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        tables = {
            target.id: node.value
            for node in ast.walk(function) if isinstance(node, ast.Assign)
            for target in node.targets if isinstance(target, ast.Name)
        }  # fmt: skip
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "Refusal":
                code, params = (
                    tables.get(a.id, a) if isinstance(a, ast.Name) else a for a in (*call.args, ast.Dict([], []))[:2]
                )
                keys = {n.value for n in ast.walk(params) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
                keys |= {"deadline", "due"} if isinstance(params, ast.Dict) and None in params.keys else set()
                for name in (n.value for n in ast.walk(code) if isinstance(n, ast.Constant)):
                    if isinstance(name, str):
                        found.setdefault(name, set()).update(keys)
    return found


@pytest.mark.parametrize("module", MINE)
@pytest.mark.parametrize("lang", ["sv", "en"])
def test_every_refusal_has_a_text_that_mentions_only_what_it_carries(module: str, lang: str) -> None:
    texts: dict[str, str] = {}
    for path in (ROOT / f"templates/texts/{lang}").glob("*.toml"):
        if path.stem != "glossary":
            texts |= tomllib.loads(path.read_text(encoding="utf-8"))

    for code, given in refusals_of(module).items():
        assert code in texts, code
        assert set(re.findall(r"\{(\w+)\}", texts[code])) <= given, code


def test_no_text_is_left_over_and_both_languages_carry_the_same() -> None:
    files = [tomllib.loads((ROOT / f"templates/texts/{lang}/guards_application.toml").read_text(encoding="utf-8"))
             for lang in ("sv", "en")]  # fmt: skip
    used = {code for module in MINE for code in refusals_of(module)}

    assert list(files[0]) == list(files[1])
    assert set(files[0]) <= used
    for code in files[0]:
        assert set(re.findall(r"\{(\w+)\}", files[0][code])) == set(re.findall(r"\{(\w+)\}", files[1][code])), code
