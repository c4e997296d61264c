"""The shell of the command line: exit codes, one-line errors, languages, lightness. Runs the real `skede`."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import click
import measuring
import pytest

from engine.cli import lazy
from engine.cli.main import main
from engine.core.errors import ConcurrentUpdate, Refusal, TransitionRefused, Unavailable

pytestmark = pytest.mark.acceptance

SKEDE = Path(sys.executable).with_name("skede")
HEAVY = ["rich", "sqlalchemy", "sqlmodel", "pydantic", "jinja2", "importlib.metadata", "apscheduler", "transitions"]


def skede(*args: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SKEDE_", "_SKEDE"))}
    return subprocess.run(
        [SKEDE, *args], cwd=cwd, env=clean | measuring.counted() | environ, capture_output=True, encoding="utf-8",
        timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of commands that behave in every way a command can; `main` finds them as `invented:...`."""
    module = ModuleType("engine.cli.invented")
    monkeypatch.setitem(sys.modules, "engine.cli.invented", module)
    monkeypatch.setattr(lazy, "COMMANDS", dict(lazy.COMMANDS))
    monkeypatch.setattr("engine.cli.main.cli.commands", {})
    return module


def install(module: ModuleType, command: click.Command, name: str = "show") -> None:
    setattr(module, "command", command)  # noqa: B010 - the module is made for this test
    lazy.COMMANDS[name] = lazy.Entry("invented:command", "påhittat", "invented")


def raising(error: BaseException) -> click.Command:
    @click.command()
    @click.argument("ref", required=False)
    def command(ref: str | None) -> None:
        raise error

    return command


def test_help_names_every_command_in_both_languages(tmp_path: Path) -> None:
    for lang, word in (("sv", "Användning"), ("en", "Usage")):
        done = skede("--help", "--lang", lang, cwd=tmp_path)

        assert done.returncode == 0
        assert done.stdout.startswith(word)
        assert all(f"\n  {name} " in done.stdout for name in lazy.COMMANDS)
        assert done.stderr == ""


def test_help_is_the_answer_to_a_bare_skede_outside_a_home(tmp_path: Path) -> None:
    done = skede(cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, skede("--help", cwd=tmp_path).stdout)


def test_the_version_is_told_before_and_after_a_command(tmp_path: Path) -> None:
    from engine import __version__

    for words in (["--version"], ["completion", "--version"]):
        done = skede(*words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, f"skede {__version__}\n")


def test_asking_for_help_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom engine.cli.main import main\ncode = main(['--help'])\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "commands = [name for name in sys.modules if name.startswith('engine.cli.')]\n"
        "print(code, heavy, sorted(commands), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False
    )

    assert done.stderr == "0 [] ['engine.cli.lazy', 'engine.cli.main', 'engine.cli.options']\n"


def test_an_unknown_command_is_one_line_with_the_nearest_name(tmp_path: Path) -> None:
    done = skede("--lang", "en", "lst", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "skede: There is no command called lst. Did you mean list? See skede --help.\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--bogus"], "Det finns inget val som heter --bogus. Se skede --help."),
        (["completion"], "Skalet saknas: skede completion bash|zsh|fish. Se skede completion --help."),
        (["completion", "--quite", "bash"], "Menade du --quiet? Se skede completion --help."),
        (["tour"], "tour kommer med en senare version."),
        (["print", "agenda", "SIM-1", "-o", "x.pdf"], "print kommer med en senare version."),
    ],
)
def test_what_is_not_understood_is_one_line_and_exit_2(tmp_path: Path, args: list[str], told: str) -> None:
    done = skede(*args, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("skede: ")
    assert done.stderr.endswith(f"{told}\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "args", [["--json", "lst"], ["completion", "--json"], ["tour", "--json"], ["--bogus", "--json"]]
)
def test_with_json_a_usage_error_is_one_value_on_stdout(tmp_path: Path, args: list[str]) -> None:
    done = skede(*args, cwd=tmp_path)

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, done.stderr) == (2, "")
    assert (error["code"], error["exit"], error["reasons"]) == ("usage", 2, [])
    assert error["message"]


def test_words_after_two_dashes_are_no_options(tmp_path: Path) -> None:
    done = skede("help", "--", "--json", cwd=tmp_path)

    assert done.returncode == 5
    assert done.stderr == "skede: Ordet --json finns inte i ordlistan.\n"


def test_the_language_comes_from_flag_then_variable_then_home(tmp_path: Path) -> None:
    (tmp_path / "skede.toml").write_text('lang = "en"\n')
    (tmp_path / "skede.toml").chmod(0o600)

    assert "conflict" in skede("help", "jäv", cwd=tmp_path).stdout
    assert skede("help", "jäv", cwd=tmp_path).stdout.endswith("that person takes no part.\n")
    assert skede("help", "jäv", cwd=tmp_path, SKEDE_LANG="sv").stdout.endswith("den personen deltar inte.\n")
    assert skede("help", "jäv", "--lang", "en", cwd=tmp_path, SKEDE_LANG="sv").stdout.endswith("takes no part.\n")


def test_broken_settings_are_one_line_naming_the_place(tmp_path: Path) -> None:
    (tmp_path / "skede.toml").write_text("[channel]\nprot = 25\n")
    (tmp_path / "skede.toml").chmod(0o600)

    done = skede(cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "skede.toml:2 channel.prot" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_word_is_explained_as_text_and_as_json(tmp_path: Path) -> None:
    text = skede("help", "utlysning", cwd=tmp_path)
    value = json.loads(skede("help", "utlysning", "--json", "--lang", "en", cwd=tmp_path).stdout)

    assert text.stdout.startswith("utlysning – call\n  ")
    assert value[0]["sv"] == "utlysning"
    assert value[0]["means"].startswith("A round in which")


def test_shell_completion_is_printed_and_knows_the_commands(tmp_path: Path) -> None:
    script = skede("completion", "bash", cwd=tmp_path)
    asked = skede(cwd=tmp_path, _SKEDE_COMPLETE="bash_complete", COMP_WORDS="skede cl", COMP_CWORD="1")

    assert "_SKEDE_COMPLETE=bash_complete" in script.stdout
    assert asked.stdout.split() == ["plain,clock-stop", "plain,clock-start", "plain,clock"]


def test_a_reader_that_stops_reading_ends_it_as_it_ends_git(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as closed:
        done = subprocess.run(
            [SKEDE, "--help"], cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False
        )

    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [SKEDE, "--help"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )

    assert done.returncode == 1
    assert done.stderr.startswith(b"skede: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_it_with_their_code_and_without_a_traceback(
    tmp_path: Path, sent: signal.Signals, code: int
) -> None:
    program = (
        "import signal, sys, time, types, click\nfrom engine.cli import lazy\nfrom engine.cli.main import entry\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # It is ignored where tests run in the background.
        "module = types.ModuleType('engine.cli.invented')\nsys.modules[module.__name__] = module\n"
        "@click.command()\ndef wait():\n    print('waiting', flush=True)\n    time.sleep(30)\n"
        "module.wait = wait\nlazy.COMMANDS['run'] = lazy.Entry('invented:wait', '', '')\n"
        "sys.argv = ['skede', 'run']\nentry()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(sent)
        started = time.monotonic()
        _, told = process.communicate(timeout=20)

    assert (process.returncode, told) == (code, b"")
    assert time.monotonic() - started < 10


def test_a_refusal_lists_its_reasons_with_what_mends_them(
    invented: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = [
        Refusal("field_missing", {"field": "spent\x1b[2J"}, "skede amend 4 -s spent=…", ("officer",)),
        Refusal("state_final", {"state": "closed"}),
    ]
    install(invented, raising(TransitionRefused(reasons=reasons)))

    code = main(["--lang", "sv", "show"])

    captured = capsys.readouterr()
    assert (code, captured.out) == (3, "")
    assert captured.err.splitlines() == [
        "skede: Reglerna tillåter inte det här nu; skälen följer.",
        "  - Fältet spent\\x1b[2J är tomt och behövs.",
        '    avhjälps med: skede amend 4 -s spent=… -n "…"',
        "    får avhjälpas av: handläggare",
        "  - Ärendet är slut: closed är ett slutläge.",
    ]


def test_a_refusal_as_json_is_the_contract(invented: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    install(invented, raising(TransitionRefused("not now", reasons=[Refusal("state_final", {"state": "closed"})])))

    code = main(["show", "--json", "--lang", "en"])

    captured = capsys.readouterr()
    assert (code, captured.err) == (3, "")
    assert json.loads(captured.out) == {
        "error": {
            "code": "refused",
            "exit": 3,
            "message": "not now",
            "reasons": [
                {
                    "code": "state_final",
                    "text": "The case has ended: closed is a final state.",
                    "params": {"state": "closed"},
                }
            ],
        }
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConcurrentUpdate(), 4),
        (Unavailable("the database is away"), 6),
        (RuntimeError("boom\nboom"), 1),
        (KeyboardInterrupt(), 130),
        (SystemExit(7), 7),
        (SystemExit(), 0),
        (RecursionError(), 1),
    ],
)
def test_main_never_raises_whatever_a_command_does(
    invented: ModuleType, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    install(invented, raising(error))

    assert main(["show"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_and_its_traceback_is_for_those_who_ask(
    invented: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(invented, raising(RuntimeError("boom\nboom")))

    main(["show", "--lang", "en"])
    assert capsys.readouterr().err == "skede: unexpected error: RuntimeError: boom boom (SKEDE_DEBUG=1 shows where)\n"

    monkeypatch.setenv("SKEDE_DEBUG", "1")
    main(["show"])
    assert "Traceback" in capsys.readouterr().err


def test_what_a_command_returns_is_the_exit_code(invented: ModuleType) -> None:
    @click.command()
    def command() -> int:
        return 7

    install(invented, command)

    assert main(["show"]) == 7


def test_global_options_work_on_both_sides_of_a_command_and_the_later_wins(invented: ModuleType) -> None:
    from engine.cli.options import Shell, pass_shell

    seen: list[Shell] = []

    @click.group()
    def command() -> None:
        """A group."""

    @command.command()
    @pass_shell
    def part(shell: Shell) -> None:
        seen.append(shell)

    install(invented, command, "deadline")

    assert main(["--lang", "sv", "--as", "a.svensson", "deadline", "--quiet", "part", "--json", "--lang", "en"]) == 0
    (shell,) = seen
    assert (shell.lang, shell.as_login, shell.quiet, shell.json, shell.no_color) == (
        "en",
        "a.svensson",
        True,
        True,
        False,
    )


def test_a_commands_own_option_wins_over_a_global_one_of_that_name(invented: ModuleType) -> None:
    seen: list[str] = []

    @click.command()
    @click.option("--lang", type=str)
    def command(lang: str) -> None:
        seen.append(lang)

    install(invented, command)

    assert main(["show", "--lang", "fi"]) == 0
    assert seen == ["fi"]


def test_a_group_without_a_part_shows_its_help_and_exits_2(
    invented: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.group()
    def command() -> None:
        """Parts of it."""

    install(invented, command, "db")

    assert main(["db"]) == 2
    assert "Parts of it." in capsys.readouterr().err


def test_parts_of_a_group_that_come_later_say_so(invented: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    @click.group()
    def command() -> None:
        """Parts of it."""

    install(invented, command, "export")

    assert main(["export", "archive", "SIM-1", "-o", "archive.zip", "--lang", "en"]) == 2
    assert capsys.readouterr().err == "skede: export archive comes with a later version.\n"


@pytest.mark.parametrize("name", [name for name, entry in lazy.COMMANDS.items() if entry.target])
def test_every_module_that_exists_has_the_commands_that_the_table_promises(name: str) -> None:
    target = lazy.COMMANDS[name].target
    assert target is not None
    module_name, function = target.split(":")
    if importlib.util.find_spec(f"engine.cli.{module_name}") is None:
        return

    module = importlib.import_module(f"engine.cli.{module_name}")

    assert isinstance(getattr(module, function), click.Command)
