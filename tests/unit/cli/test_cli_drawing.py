import io

import pytest
from rich.console import Console
from rich.text import Text

from appliance.cli.drawing import follow, print_sentence, print_table
from appliance.core.messages import _
from appliance.core.progress import Progress

TITLE = _("The models that the appliance serves.")


def console(*, terminal=False):
    return Console(file=io.StringIO(), width=100, force_terminal=terminal, color_system=None)


def events(*, fail=False):
    yield Progress("a", TITLE)
    yield Progress("a", TITLE, fraction=0.5)
    yield Progress("a", TITLE, "done", _("{size}", size="3 MiB"))
    yield "a result"
    yield Progress("b", TITLE, "skipped")
    yield Progress("c", TITLE)
    if fail:
        raise KeyError("c")
    yield Progress("c", TITLE, "failed")


def test_without_a_terminal_each_step_has_a_line_when_it_starts_and_ends():
    target = console()
    assert follow(events(), target) == ["a result"]
    marks = [line[0] for line in target.file.getvalue().splitlines()]
    assert marks == ["…", "✓", "–", "…", "✗"]
    assert "3 MiB" in target.file.getvalue()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_step_that_breaks_off_is_marked_and_the_error_goes_on(terminal):
    target = console(terminal=terminal)
    with pytest.raises(KeyError):
        follow(events(fail=True), target)
    assert target.file.getvalue().rstrip().rpartition("✗")[2].strip() == TITLE.render("en")


def test_on_a_terminal_only_ended_steps_stay():
    target = console(terminal=True)
    assert follow(events(), target) == ["a result"]
    assert target.file.getvalue().count("✓") == 1


def test_on_a_terminal_a_long_sentence_breaks_between_words_and_hangs():
    words = " ".join(["sentence"] * 30)
    target = console(terminal=True)
    print_sentence(target, Text(words), hang=4)
    lines = target.file.getvalue().splitlines()
    assert len(lines) == 3
    assert all(len(line) <= 100 and line == line.rstrip() for line in lines)
    assert [line.startswith("    sentence ") for line in lines] == [False, True, True]
    plain = console()
    print_sentence(plain, Text(words), hang=4)
    assert plain.file.getvalue() == words + "\n"


def test_a_table_shows_texts_as_they_are():
    target = console()
    print_table(target, [_("Name"), _("State")], [["[bold]a[/bold]", None], ["名称", 0]])
    shown = target.file.getvalue()
    assert "[bold]a[/bold]" in shown
    assert "—" in shown
    assert "名称" in shown
    assert " 0" in shown
