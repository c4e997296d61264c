"""A letter is what its template says, and its values are nothing but values."""

from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import DefinitionError, NotFound
from notifications.render import JinjaRenderer

HOSTILE = {
    "markdown link": "[klicka](https://evil.example)",
    "autolink": "<https://evil.example>",
    "heading": "x\n# Rubrik",
    "setext heading": "x\n===",
    "table of items": "- ett\n- två",
    "image": "![x](https://evil.example/x.png)",
    "tag": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "code": "`rm -rf`",
    "rule": "a\n\n---\n\nb",
    "entity": "&lt;b&gt; &#60;",
    "jinja": "{{ 7 * 7 }}{% raw %}",
    "reference": "[x]: https://evil.example\n[x]",
}


def variables(**over: Any) -> dict[str, Any]:
    return {
        "office": {"name": "Sociala investeringar", "mailbox": "sim@region.example"},
        "recipient": {"name": "Åsa"},
        "case": {"reference": "SIM-2021-0004", "title": "Airbag", "dnr": "", "state": "Öppen", "public": "Öppen"},
        "data": {},
        "deadlines": [],
        "message": "",
        "officer": {"name": "", "email": ""},
        **over,
    }


def renderer(folder: Path, body: str) -> JinjaRenderer:
    (folder / "sv").mkdir(exist_ok=True)
    (folder / "sv" / "probe.md").write_text(body, encoding="utf-8")
    return JinjaRenderer(folder)


def test_one_template_gives_subject_text_and_html(tmp_path: Path) -> None:
    letter = renderer(tmp_path, "Subject: Om {{ case.title }}\n\nDet är **klart** nu.\n").render(
        "probe", "sv", variables()
    )
    assert letter.subject == "[SIM-2021-0004] Om Airbag"
    assert letter.text.startswith("Hej Åsa,\n\nDet är klart nu.\n")
    assert "<p>Det är <strong>klart</strong> nu.</p>" in letter.html
    assert '<html lang="sv">' in letter.html
    assert letter.html.count("<h1") == 1
    assert "sim@region.example" in letter.text


def test_the_registry_number_goes_before_the_reference_in_the_subject(tmp_path: Path) -> None:
    case = {**variables()["case"], "dnr": "RUN 2021-00577"}
    letter = renderer(tmp_path, "Subject: Hej\n\nx\n").render("probe", "sv", variables(case=case))
    assert letter.subject == "[RUN 2021-00577] Hej"


def test_a_personal_line_and_the_officer_stand_in_the_frame(tmp_path: Path) -> None:
    given = variables(message="Ring gärna.", officer={"name": "Kim", "email": "kim@region.example"})
    letter = renderer(tmp_path, "Subject: Hej\n\nx\n").render("probe", "sv", given)
    assert "Ring gärna." in letter.text
    assert "Kim, kim@region.example" in " ".join(letter.text.split())


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_value_becomes_no_markup_in_html_and_stays_as_it_is_in_text(tmp_path: Path, value: str) -> None:
    plain = renderer(tmp_path, "Subject: Hej\n\nFöre {{ data.x }} efter.\n")
    harmless = plain.render("probe", "sv", variables(data={"x": "ofarligt"})).html
    letter = plain.render("probe", "sv", variables(data={"x": value}))
    for tag in ("<a", "<h1", "<h2", "<li", "<img", "<script", "<code", "<hr", "<p"):
        assert letter.html.count(tag) == harmless.count(tag), tag
    assert value in letter.text


def test_a_value_keeps_its_line_breaks_in_html(tmp_path: Path) -> None:
    letter = renderer(tmp_path, "Subject: Hej\n\n{{ data.x }}\n").render("probe", "sv", variables(data={"x": "a\n\nb"}))
    assert "<p>a<br>\nb</p>" in letter.html


def test_letters_of_one_template_each_say_their_own_values_in_their_own_order(tmp_path: Path) -> None:
    body = "Subject: Hej\n\n{{ data.x }} före **{{ data.y }}**\n\n{% for z in data.z %}\n- {{ z }}\n{% endfor %}\n"
    probe = renderer(tmp_path, body)
    said = [{"x": f"x{n}", "y": f"y{n} & co", "z": [f"z{n}"] * n} for n in (1, 12, 1)]
    pages = [probe.render("probe", "sv", variables(data=data)).html for data in said]
    for n, page in zip((1, 12, 1), pages, strict=True):
        assert f"<p>x{n} före <strong>y{n} &amp; co</strong></p>" in page
        assert page.count(f"<li>z{n}</li>") == n
    assert pages[0] == pages[2]


@pytest.mark.parametrize(
    ("source", "value", "link"),
    [
        ("[x]({{ data.x }})", "https://region.example/a", '<a href="https://region.example/a">x</a>'),
        ("[x](https://region.example/{{ data.x }})", "a&b", '<a href="https://region.example/a&amp;b">x</a>'),
        ("[x](mailto:{{ data.x }})", "a@b.example", '<a href="mailto:a@b.example">x</a>'),
        ("[x]({{ data.x }})", "javascript:alert(1)", None),
        ("[x]({{ data.x }})", 'https://x.example/"onclick="y', '<a href="https://x.example/%22onclick=%22y">x</a>'),
        ("[x]({{ data.x }})", "https://x.example) [y](https://z.example", None),
    ],
)
def test_a_link_that_a_template_makes_of_a_value_is_judged_whole(
    tmp_path: Path, source: str, value: str, link: str | None
) -> None:
    page = renderer(tmp_path, f"Subject: Hej\n\n{source}\n").render("probe", "sv", variables(data={"x": value})).html
    assert (link in page) if link is not None else ("onclick=" not in page and 'javascript:alert(1)"' not in page)


def test_a_text_that_a_template_puts_together_of_values_is_said_as_one(tmp_path: Path) -> None:
    body = "Subject: Hej\n\n{% set both %}**{{ data.x }}** och {{ data.y }}{% endset %}\n{{ both }}!\n"
    page = renderer(tmp_path, body).render("probe", "sv", variables(data={"x": "a_b_", "y": "<c>"})).html
    assert "<p><strong>a_b_</strong> och &lt;c&gt;!</p>" in page


def test_a_template_cannot_name_the_place_of_a_value(tmp_path: Path) -> None:
    body = "Subject: Hej\n\n{{ data.x }} \ue0000\ue001 \ue00099\ue001\n"
    page = renderer(tmp_path, body).render("probe", "sv", variables(data={"x": "hemligt"})).html
    assert page.count("hemligt") == 1


def test_control_and_bidi_characters_are_taken_out(tmp_path: Path) -> None:
    value = "a\u202eb\x1b[31m\x00\u2066c\ue000\ufeff\x9b"
    letter = renderer(tmp_path, "Subject: {{ data.x }}\n\n{{ data.x }}\n").render(
        "probe", "sv", variables(data={"x": value})
    )
    assert letter.subject == "[SIM-2021-0004] ab[31mc\ufffd"
    assert "ab[31mc\ufffd" in letter.text
    assert "<br>" not in letter.html


def test_a_title_with_line_breaks_is_one_line(tmp_path: Path) -> None:
    case = {**variables()["case"], "title": "Airbag\r\nBcc: x@evil.example"}
    letter = renderer(tmp_path, "Subject: {{ case.title }}\n\nx\n").render("probe", "sv", variables(case=case))
    assert letter.subject == "[SIM-2021-0004] Airbag Bcc: x@evil.example"
    assert "\nBcc" not in letter.text


def test_a_long_value_is_cut_with_a_mark(tmp_path: Path) -> None:
    letter = renderer(tmp_path, "Subject: Hej\n\n{{ data.x }}\n").render(
        "probe", "sv", variables(data={"x": "å" * 30_000})
    )
    assert letter.text.count("å") < 20_100
    assert "[avkortat]" in letter.text


@pytest.mark.parametrize(
    "body",
    [
        "{{ data.missing }}",
        "{% if data.missing %}x{% endif %}",
        "{{ nothing }}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%999999999s' % case.title }}",
        "{{ case.title.ljust(999999999) }}",
        "{{ case.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ data.items() }}",
        "{{ range(10) }}",
        "{% for x in deadlines %}",
    ],
)
def test_a_template_that_asks_for_what_is_not_there_is_an_error(tmp_path: Path, body: str) -> None:
    with pytest.raises(DefinitionError, match="sv/probe"):
        renderer(tmp_path, f"Subject: Hej\n\n{body}\n").render("probe", "sv", variables(deadlines=[]))


def test_a_field_may_be_called_like_a_method_of_a_mapping(tmp_path: Path) -> None:
    letter = renderer(tmp_path, "Subject: Hej\n\n{{ data.items }}\n").render(
        "probe", "sv", variables(data={"items": "sju"})
    )
    assert "sju" in letter.text


def test_a_line_of_tags_leaves_no_line_and_a_tag_at_the_end_of_a_line_does_not_eat_it(tmp_path: Path) -> None:
    body = "{% set x = 1 %}\nEtt.{% if x %} Två.{% endif %}\n\n{% if x %}\n- a\n{% endif %}\n- b\n"
    letter = renderer(tmp_path, f"Subject: Hej\n\n{body}").render("probe", "sv", variables())
    assert "Åsa,\n\nEtt. Två.\n\n- a\n- b\n\n" in letter.text
    assert letter.html.count("<li>") == 2


def test_a_fault_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"line 3 "):
        renderer(tmp_path, "Subject: Hej\n\n{% set x = 1 %}\nx\n{% if %}\n").render("probe", "sv", variables())


def test_a_template_must_begin_with_its_subject(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="first line"):
        renderer(tmp_path, "Hej\n\nx\n").render("probe", "sv", variables())


def test_the_filter_due_gives_the_date_of_an_open_deadline(tmp_path: Path) -> None:
    probe = renderer(tmp_path, 'Subject: Hej\n\nSvar: {{ deadlines | due("completion") or "ingen" }}.\n')
    deadline = {"name": "completion", "title": "Komplettera", "due": "19 mars 2026", "due_on": "2026-03-19"}
    assert "Svar: 19 mars 2026." in probe.render("probe", "sv", variables(deadlines=[deadline])).text
    assert "Svar: ingen." in probe.render("probe", "sv", variables()).text


def test_a_home_overrides_a_template_and_the_rest_is_as_shipped(tmp_path: Path) -> None:
    (tmp_path / "sv").mkdir()
    (tmp_path / "sv" / "withdrawn.md").write_text("Subject: Vår egen\n\nEgen text.\n", encoding="utf-8")
    own = JinjaRenderer(tmp_path)
    assert "Egen text." in own.render("withdrawn", "sv", variables()).text
    assert own.digest("withdrawn", "sv") != JinjaRenderer().digest("withdrawn", "sv")
    assert own.digest("granted", "sv") == JinjaRenderer().digest("granted", "sv")
    assert own.exists("granted", "en")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    probe = renderer(tmp_path, "Subject: Hej\n\nett\n")
    before = probe.render("probe", "sv", variables()).text, probe.digest("probe", "sv")
    renderer(tmp_path, "Subject: Hej\n\nett och två\n")
    after = probe.render("probe", "sv", variables()).text, probe.digest("probe", "sv")
    assert "ett och två" in after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "_frame", "a/b/c", "", "x.md", "a\x00"])
def test_a_name_that_leaves_the_folder_is_no_template(name: str) -> None:
    assert not JinjaRenderer().exists(name, "sv")
    with pytest.raises(NotFound):
        JinjaRenderer().render(name, "sv", variables())


def test_a_deadline_may_have_its_own_reminder(tmp_path: Path) -> None:
    (tmp_path / "sv" / "reminder").mkdir(parents=True)
    (tmp_path / "sv" / "reminder" / "completion.md").write_text("Subject: Egen\n\nx\n", encoding="utf-8")
    assert JinjaRenderer(tmp_path).exists("reminder/completion", "sv")


def test_a_value_that_is_not_plain_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="plain JSON"):
        renderer(tmp_path, "Subject: Hej\n\nx\n").render("probe", "sv", variables(data={"x": 1.5}))
