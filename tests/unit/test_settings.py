"""Finding a home, and the order in which settings are believed."""

import stat
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from engine.core.errors import SettingsError
from engine.setting_values import KEYS, RULES
from engine.settings import FILE, ChannelSettings, Settings, find_home, load, write_default


def a_home(folder: Path, text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text, "utf-8")
    (folder / FILE).chmod(0o600)
    return folder


def test_the_home_is_the_nearest_folder_upward_that_holds_a_settings_file(tmp_path: Path) -> None:
    a_home(tmp_path)
    inner = a_home(tmp_path / "inner")
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)

    assert find_home(None, {}, start=deep) == inner.resolve()


def test_outside_a_home_there_is_none_and_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(None, {}, {}, start=tmp_path)

    assert settings.home is None
    assert (settings.lang, settings.zone, settings.body) == ("sv", "Europe/Stockholm", "RUN")
    with pytest.raises(SettingsError, match="skede init"):
        settings.at_home()


def test_the_flag_wins_over_the_variable_and_that_over_the_working_directory(tmp_path: Path) -> None:
    here, named, flagged = (a_home(tmp_path / name) for name in ("here", "named", "flagged"))
    environ = {"SKEDE_HOME": str(named)}

    assert find_home(flagged, environ, start=here) == flagged.resolve()
    assert find_home(None, environ, start=here) == named.resolve()
    assert find_home(None, {}, start=here) == here.resolve()


@pytest.mark.parametrize("by_flag", [True, False])
def test_a_named_folder_that_is_no_home_is_refused_even_inside_another_home(tmp_path: Path, by_flag: bool) -> None:
    a_home(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()

    with pytest.raises(SettingsError, match="not a home"):
        find_home(empty if by_flag else None, {} if by_flag else {"SKEDE_HOME": str(empty)}, start=tmp_path)


def test_a_setting_is_believed_in_the_order_flag_environment_file_default(tmp_path: Path) -> None:
    home = a_home(tmp_path, 'lang = "en"\n[channel]\nhost = "file"\nport = 26\n')
    environ = {"SKEDE_CHANNEL_HOST": "environment", "SKEDE_LANG": "en"}

    settings = load(home, environ, {"lang": "sv", "channel.host": None})

    assert settings.lang == "sv"
    assert settings.channel.host == "environment"
    assert settings.channel.port == 26
    assert settings.channel.kind == "folder"


@pytest.mark.parametrize("key", sorted(RULES))
def test_what_the_office_has_laid_down_is_nobodys_own_to_set(tmp_path: Path, key: str) -> None:
    name = "SKEDE_" + key.replace(".", "_").upper()

    with pytest.raises(SettingsError, match=f"{name}.*{FILE} alone"):
        load(a_home(tmp_path), {name: "no"})


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    home = a_home(
        tmp_path,
        """
        database = "other.db"
        lang = "en"
        zone = "Europe/Helsinki"
        send_window = "07:30-18:00"
        send_delay = "10m"
        closed_days = [2026-05-15, "2026-06-05"]
        dnr = "external"
        pay_requires_force = true
        [channel]
        kind = "smtp"
        port = 587
        password_file = "keys/smtp"
        """,
    )

    settings = load(home)

    assert settings.database == str(home / "other.db")
    assert (settings.lang, settings.dnr, settings.tz.key) == ("en", "external", "Europe/Helsinki")
    assert settings.send_window == (time(7, 30), time(18))
    assert settings.send_delay == timedelta(minutes=10)
    assert settings.closed_days == {date(2026, 5, 15), date(2026, 6, 5)}
    assert settings.pay_requires_force is True
    assert (settings.channel.kind, settings.channel.port) == ("smtp", 587)
    assert settings.channel.password_file == home / "keys/smtp"
    assert settings.channel.folder == home / "outbox"


def test_environment_values_are_texts_and_read_alike(tmp_path: Path) -> None:
    environ = {
        "SKEDE_CHANNEL_PORT": "2525",
        "SKEDE_DIGEST": "yes",
        "SKEDE_SEND_WINDOW": "always",
    }

    settings = load(None, environ, start=tmp_path)

    assert settings.channel.port == 2525
    assert settings.digest is True
    assert settings.send_window is None


def test_a_database_url_is_kept_and_does_not_show_in_the_repr(tmp_path: Path) -> None:
    settings = load(None, {"SKEDE_DATABASE": "postgresql://skede:secret@db/skede"}, start=tmp_path)

    assert settings.database == "postgresql://skede:secret@db/skede"
    assert "secret" not in repr(settings)


def test_an_unknown_setting_is_refused_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    home = a_home(tmp_path, 'lang = "sv"\n\n[channel]\nkind = "folder"\nprot = 25\n')

    with pytest.raises(SettingsError, match=r"skede\.toml:5 channel\.prot: .*did you mean channel\.port"):
        load(home)


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    home = a_home(tmp_path, "[channels]\n")

    with pytest.raises(SettingsError, match=r"skede\.toml:1 channels"):
        load(home)


@pytest.mark.parametrize(
    "line",
    [
        'lang = "de"',
        'zone = "Europe/Atlantis"',
        'zone = "../../etc/passwd"',
        'send_window = "16:00-08:00"',
        'send_window = "morning"',
        "send_window = 8",
        'send_delay = "ten minutes"',
        "send_delay = 10",
        'closed_days = ["2026-02-30"]',
        "closed_days = 3",
        'dnr = "both"',
        "lang = 1",
        'body = ""',
        'pay_requires_force = "perhaps"',
        "[channel]\nport = 0",
        "[channel]\nport = true",
        '[channel]\ntls = "maybe"',
        '[office]\nmailbox = "nobody"',
        '[office]\nmailbox = "a@b@c"',
        '[office]\nmailbox = "A <a@b.example>"',
        '[office]\nname = "two\\nlines"',
    ],
)
def test_a_wrong_value_is_refused_with_the_place_it_stands(tmp_path: Path, line: str) -> None:
    home = a_home(tmp_path, line)

    with pytest.raises(SettingsError, match=rf"skede\.toml:{line.count(chr(10)) + 1} "):
        load(home)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SKEDE_CHANNEL_PORT"):
        load(None, {"SKEDE_CHANNEL_PORT": "many"}, start=tmp_path)


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    home = a_home(tmp_path, 'lang = "sv"\nbody =\n')

    with pytest.raises(SettingsError, match="line 2"):
        load(home)


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_settings_file_that_others_can_change_is_refused(tmp_path: Path, mode: int) -> None:
    home = a_home(tmp_path)
    (home / FILE).chmod(mode)

    with pytest.raises(SettingsError, match="chmod go-w"):
        load(home)


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_file_written_for_a_new_home_changes_no_default_and_names_every_setting(
    tmp_path: Path, sandbox: bool
) -> None:
    write_default(tmp_path / FILE, sandbox=sandbox)

    text = (tmp_path / FILE).read_text("utf-8")
    assert load(tmp_path) == Settings(
        home=tmp_path, database=str(tmp_path / "skede.db"), channel=ChannelSettings(folder=tmp_path / "outbox")
    )
    assert ("sandbox" in text.splitlines()[0]) is sandbox
    assert all(f"# {key.rpartition('.')[2]} = " in text for key in KEYS)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_the_comments_of_the_new_file_show_values_that_are_valid_and_the_defaults(tmp_path: Path) -> None:
    write_default(tmp_path / FILE, sandbox=False)
    lines = (tmp_path / FILE).read_text("utf-8").splitlines()
    live = [line.removeprefix("# ") if " = " in line and line[2:3].islower() else line for line in lines]
    live = [line for line in live if not line.startswith(("user", "password_file"))]

    home = a_home(tmp_path / "live", "\n".join(live))

    default = load(a_home(tmp_path / "bare"))
    shown = load(home)
    assert (shown.send_window, shown.send_delay, shown.zone) == (default.send_window, default.send_delay, default.zone)
    assert (shown.office, shown.dnr, shown.body) == (default.office, default.dnr, default.body)
    assert (shown.channel.kind, shown.channel.port) == (default.channel.kind, default.channel.port)
    assert shown.channel.folder == home / "outbox"
    assert shown.database == str(home / "skede.db")


def test_a_database_url_given_at_init_stands_in_the_new_file(tmp_path: Path) -> None:
    write_default(tmp_path / FILE, sandbox=False, database='postgresql://db/a"b')

    assert load(tmp_path).database == 'postgresql://db/a"b'


def test_an_existing_settings_file_is_never_written_over(tmp_path: Path) -> None:
    home = a_home(tmp_path, 'body = "RS"\n')

    with pytest.raises(FileExistsError):
        write_default(home / FILE, sandbox=False)

    assert load(home).body == "RS"
