import gettext
import io

from babel.messages.pofile import read_po


def test_every_text_is_in_chinese_with_the_same_fields(script):
    messages = script("messages")
    assert messages.faults(messages.read_translations(messages.PO_FILE)) == []


def test_every_template_is_one_literal_with_its_values(script):
    assert script("messages").wrong_calls() == []


def test_the_catalogue_holds_what_the_code_holds(script):
    messages = script("messages")
    with messages.PO_FILE.open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    assert not catalogue.obsolete
    assert {message.id for message in catalogue if message.id} == set(messages.templates())
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_the_files_are_what_the_script_makes(script):
    messages = script("messages")
    catalogue = messages.make_catalogue(messages.read_translations(messages.PO_FILE))
    assert messages.PO_FILE.read_bytes() == messages.po_bytes(catalogue)
    assert messages.MO_FILE.read_bytes() == messages.mo_bytes(catalogue)


def test_the_compiled_catalogue_gives_the_translations(script):
    messages = script("messages")
    compiled = gettext.GNUTranslations(io.BytesIO(messages.MO_FILE.read_bytes()))
    for template, chinese in messages.read_translations(messages.PO_FILE).items():
        assert compiled.gettext(template) == chinese


def test_the_script_finds_what_is_wrong(script, tmp_path, monkeypatch):
    messages = script("messages")
    (tmp_path / "appliance").mkdir()
    (tmp_path / "appliance" / "a.py").write_text(
        "from appliance.core.messages import _\n"
        "name = 'x'\n"
        "texts = [_('Good {a}', a=1), _('Field {b}', c=1), _(name), f\"{_('Inside')}\", _('{a} / {b}', a=1, b=2)]\n"
    )
    (tmp_path / "appliance" / "other.py").write_text("_ = print\n_('not a text')\n")
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    assert set(messages.templates()) == {"Good {a}", "Field {b}", "Inside", "{a} / {b}"}
    assert [fault.split(": ")[0] for fault in messages.wrong_calls()] == ["appliance/a.py:3"] * 2
    told = messages.faults({"Good {a}": "好 {b}", "Inside": "里"})
    assert len(told) == 2
    assert "other fields" in told[0]
    assert "'Field {b}'" in told[1]


def test_the_site_file_page_is_up_to_date(script):
    page = script("site_file_page")
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run python images/site_file_page.py"
