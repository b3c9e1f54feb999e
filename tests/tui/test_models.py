"""Models and packages: what is shown, and each action from its key to what was called."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.core.errors import ApprovalNeeded, Conflict, PackageError
from appliance.core.messages import _
from appliance.operations.model_facts import ModelFacts
from appliance.tui import models_keys
from appliance.tui.screens.models import ModelsScreen
from appliance.tui.screens.models_available import AvailableScreen
from appliance.tui.screens.models_forms import FolderForm, InstallForm, SplitForm, StageForm
from appliance.tui.screens.models_licence import LicenceScreen
from appliance.tui.screens.models_one import ModelScreen
from appliance.tui.screens.models_package import PackageScreen
from appliance.tui.screens.task import ConfirmTask, RunTask
from tests.tui.models_double import (
    CANDIDATE,
    FACTS,
    MAKER,
    OTHER,
    SETTLED,
    STABLE,
    STAGEABLE,
    STICK,
    RecordedModels,
    model,
    models_app,
)
from tests.tui.recorded import AUDITOR, screen_text, settled

_FRAMES = str.maketrans(dict.fromkeys("│╭╮╰╯─", " "))


@pytest.fixture
def source(tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1")
    return RecordedModels(key_file)


@pytest.fixture
def asked(source):
    """What was asked of the machine but looking."""
    return lambda: [one for one in source.machine.asked if one[0] not in ("find", "key", "licence")]


async def press(pilot, *keys):
    """Press keys, each after what came before has settled; return what is on the screen, on one line."""
    await settled(pilot)
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return " ".join(screen_text(pilot.app).translate(_FRAMES).split())


async def write(pilot, text):
    """Put `text` in place of what the field in front holds."""
    pilot.app.focused.value = text
    await settled(pilot)


def footer(app):
    """The keys that are offered, by their ids."""
    return {entry.binding.id for entry in app.screen.active_bindings.values() if entry.enabled}


async def test_models_with_their_versions_figures_and_licences(source):
    app = models_app(source)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot)
        for words in (
            "general ● running qinglan-7b:1.1-r3 10 % 1.2-r4 1.0-r2 17/20", "Apache-2.0", "1 tried out",
            "platform appliance 0.1.0 (7) 0.0.9 (6) 2.2 GiB Apache-2.0 7EBE6561F969F47F",
            "▲ site-words 2026.2 (2) 2026.1 (1)", "not trusted any more", "appliance model show general",
        ):  # fmt: skip
            assert words in text
        assert "appliance package list" in await press(pilot, "tab")


async def test_one_model_tells_what_one_has_to_know_of_each_version(source):
    app = models_app(source)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot, "enter")
        assert isinstance(app.screen, ModelScreen)
        for words in (
            "● serves qinglan-7b:1.1-r3 ready 90 %", "◐ candidate", "10 %, retail", "○ before", "19/20", "124 ms",
            "Weak at: Sums of more than four figures go wrong.", "Wrong answers: sum, date, table",
            "17 of 20 test questions right", "7,615 million parameters, 14.2 GiB of weights",
        ):  # fmt: skip
            assert words in text
        text = await press(pilot, "down")
        assert "10 % of all, and all of retail" in text
        assert "not yet" in await press(pilot, "down")
        await press(pilot, "escape")
        assert isinstance(app.screen, ModelsScreen)


async def test_the_embedder_says_that_it_comes_with_the_platform(source):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "down", "down", "enter")
        assert "a part of the platform's release" in text
        assert not footer(app) & {one.id for one in models_keys.KEYS}


async def test_a_version_whose_files_are_gone_is_told_and_the_question_warns(source):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "nobody can go back to it" in await press(pilot, "down", "enter", "down")
        assert "this will be refused" in await press(pilot, "b")


async def test_a_model_is_rolled_back_from_the_first_screen(source, asked):
    source.models = SETTLED
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot)
        assert "b Roll back" in text, "obvious in the footer"
        text = await press(pilot, "b")
        assert isinstance(app.screen, ConfirmTask)
        assert "Let qinglan-7b:1.0-r2 serve general again?" in text
        assert "$ appliance model rollback general" in text
        await press(pilot, "enter")
        assert asked() == [], "Enter confirms nothing"
        text = await press(pilot, "y")
        assert isinstance(app.screen, RunTask)
        assert "qinglan-7b:1.0-r2 serves general." in text
        assert asked() == [("roll_back", "general")]
        text = await press(pilot, "escape")
        assert isinstance(app.screen, ModelsScreen)
        assert "✓ qinglan-7b:1.0-r2 serves general." in text


async def test_while_a_candidate_is_there_the_key_says_what_to_do_first(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "b")
        assert "general has a candidate, which is in the way. Open the model, then drop the candidate (x)" in text
        text = await press(pilot, "enter", "x")
        assert "Stop qinglan-7b:1.2-r4, the candidate of general?" in text
        text = await press(pilot, "y", "escape")
        assert asked() == [("drop", "general")]
        assert "qinglan-7b:1.2-r4 is stopped." in text


async def test_promoting_says_that_it_measures_first(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "p")
        assert "Both versions answer test questions first" in text
        assert "Let qinglan-7b:1.2-r4 serve everybody who asks for general?" in text
        await press(pilot, "escape")
        assert asked() == []
        await press(pilot, "enter", "p", "y")
        assert asked() == [("promote", "general")]


async def test_a_candidate_that_still_starts_can_only_be_dropped(source):
    source.models = [model("general", "qinglan-7b", "1.1-r3", STABLE, {**CANDIDATE, "state": "starting"})]
    source.machine.facts = replace(FACTS, packages={})
    source.machine.read = lambda _names: type("Here", (), {"facts": FACTS, "packages": ()})()
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter")
        assert footer(app) & {one.id for one in models_keys.KEYS} == {"models.drop", "models.licence"}


async def test_another_version_is_staged_beside_or_in_its_place(source, asked):
    source.models = SETTLED
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter", "s")
        assert isinstance(app.screen, StageForm)
        assert "qinglan-7b:1.2-r4" in text
        assert "$ appliance model stage general qinglan-7b@4" in text
        text = await press(pilot, "down", "enter", "down")
        assert "$ appliance model stage general base --replace" in text, "what serves already is not offered"
        text = await press(pilot, "ctrl+s")
        assert "Stop what serves general, and start base:1-1a2b3c4d in its place?" in text
        assert "503" in text
        await press(pilot, "escape")
        assert asked() == []
        text = await press(pilot, "s", "ctrl+s")
        assert "Start qinglan-7b:1.2-r4 as the candidate of general?" in text
        await press(pilot, "y")
        assert asked() == [("stage", "general", "qinglan-7b@4", False)]


async def test_a_form_with_many_versions_keeps_its_command_and_its_keys(source):
    source.models = SETTLED
    more = (replace(STAGEABLE[0], name=f"qinglan-7b@{number}", label=f"qinglan-7b:1.3-r{number}") for number in (5, 6))
    source.machine.stageable = lambda: (*STAGEABLE, *more)
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter", "s")
        assert "$ appliance model stage general qinglan-7b@4" in text
        assert "Ctrl+S Continue" in text


async def test_the_split_is_a_small_form(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "enter", "a")
        assert isinstance(app.screen, SplitForm)
        await write(pilot, "120")
        assert "Write a whole number from 0 to 100." in await press(pilot, "ctrl+s")
        await write(pilot, "25 %")
        await press(pilot, "enter")
        await write(pilot, "treasury， nobody")
        assert "There is no tenant nobody." in await press(pilot, "ctrl+s")
        await write(pilot, "treasury,retail")
        text = await press(pilot)
        assert "appliance model split general 25 --tenant treasury --tenant retail" in text
        text = await press(pilot, "enter")
        assert "Send 25 % of the requests for general to qinglan-7b:1.2-r4?" in text
        text = await press(pilot, "y")
        assert asked() == [("split", "general", 25, ("treasury", "retail"))]
        assert "✓ qinglan-7b:1.2-r4 gets 25 % of the requests for general." in text


async def test_a_found_package_is_installed_with_bytes_rate_and_time_left(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "n")
        assert isinstance(app.screen, AvailableScreen)
        for words in ("● fits model qinglan-7b 1.3 (5) 14.3 GiB", "▲ key unknown", "✖ not possible", "◆ several",
                      "Packages on USB sticks", "Source: Model desk, head office"):  # fmt: skip
            assert words in text
        text = await press(pilot, "i")
        assert isinstance(app.screen, InstallForm)
        assert "model qinglan-7b 1.3 serves general." in text
        assert "--stage-only" in await press(pilot, "down")
        text = await press(pilot, "up", "enter")
        assert "Install model qinglan-7b 1.3, and let it serve general once it has passed the test?" in text
        assert f"Release 5, 14.2 GiB, licence Apache-2.0, signed by {MAKER}." in text
        source.machine.go_on.clear()
        text = await press(pilot, "y")
        assert "43% 6.1 GiB of 14.2 GiB, 412.0 MiB/s, 20.1 s left" in text
        source.machine.go_on.set()
        text = await press(pilot)
        assert "model qinglan-7b 1.3 is installed." in text
        assert asked() == [("install", STICK / "qinglan-7b-5.lmab", "qinglan-7b", False)]


async def test_as_a_candidate_only(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "n", "i", "down", "ctrl+s")
        assert "and start it as the candidate of general?" in text
        await press(pilot, "y")
        assert asked() == [("install", STICK / "qinglan-7b-5.lmab", "qinglan-7b", True)]


async def test_a_file_of_several_is_installed_after_one_question(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "n", "down", "down")
        assert "it needs 163.1 GiB of disk, 80.0 GiB are free" in text
        assert "packages.install" not in footer(app)
        text = await press(pilot, "down", "i")
        assert "Install autumn.lmabs?" in text
        await press(pilot, "y")
        assert asked() == [("install", STICK / "autumn.lmabs", None, False)]


async def test_a_key_is_shown_before_it_is_trusted_and_then_the_package_can_be_installed(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "n", "down")
        assert f"signed with {OTHER}, which is not trusted yet" in text
        assert not footer(app) & {"packages.install"}
        text = await press(pilot, "t")
        for words in (f"Trust the key {OTHER}", "RWR4aVpLPC0eDw", f"signed with {OTHER} from now on?", "by telephone",
                      "appliance package trust /media/stick/maker.pub"):  # fmt: skip
            assert words in text
        text = await press(pilot, "y")
        assert asked() == [("trust", STICK / "maker.pub", OTHER)]
        assert f"Packages signed with {OTHER} are taken from now on." in text
        assert "packages.install" in footer(app)


async def test_a_folder_can_be_named(source, tmp_path):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "n", "f")
        assert isinstance(app.screen, FolderForm)
        assert "Write the path of a folder." in await press(pilot, "enter")
        source.machine.found = []
        await write(pilot, "/srv/new packages")
        text = await press(pilot, "enter")
        assert "Packages in /srv/new packages" in text
        assert "No package here." in text
        await press(pilot, "r")
        folders = [one[1] for one in source.machine.asked if one[0] == "find"]
        assert folders == [None, Path("/srv/new packages"), Path("/srv/new packages")]


async def test_a_package_is_rolled_back_and_removed(source, asked):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "tab", "down", "down", "down", "b")
        assert "Put release 2026.1 (1) of lexicon site-words in use?" in text
        await press(pilot, "y", "escape", "enter")
        assert isinstance(app.screen, PackageScreen)
        text = await press(pilot, "x")
        assert "Remove lexicon site-words with every release of it?" in text
        await press(pilot, "y")
        assert asked() == [("roll_back_package", "lexicon", "site-words"), ("remove", "lexicon", "site-words")]


async def test_the_platform_says_what_going_back_loses_and_is_not_removed(source, asked):
    source.machine.lost = _("The state of {moment} is put back.", moment="2026-11-20")
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "tab", "enter")
        assert "packages.remove" not in footer(app)
        assert "▲ The state of 2026-11-20 is put back." in await press(pilot, "b")
        await press(pilot, "y")
        assert asked() == [("roll_back_package", "platform", "appliance")]


async def test_what_has_one_release_cannot_be_rolled_back(source):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "tab", "down", "down")
        assert "models.rollback" not in footer(app)


async def test_the_text_of_a_licence_or_that_there_is_none(source):
    source.machine.text = "LICENSE\n\nTerms \x1b[2J of use"
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter", "t")
        assert isinstance(app.screen, LicenceScreen)
        assert "Terms ⟨U+001B⟩[2J of use" in text
        source.machine.text = ""
        await press(pilot, "escape", "escape", "tab", "down", "enter")
        assert "holds no text of its licence, only its name: Apache-2.0" in await press(pilot, "t")


async def test_what_needs_a_second_person_says_what_to_do_next(source):
    source.models = SETTLED
    source.machine.fails = ApprovalNeeded(
        _("This change needs a second person. The request for it is {id}.", id="apr_1"), None,
        details={"approval": "apr_1"},
    )  # fmt: skip
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "b", "y")
        assert "The request for it is apr_1." in text
        assert "runs `appliance approval approve apr_1`. Then press the same key here again." in text
        source.machine.fails = None
        text = await press(pilot, "escape", "b", "y")
        assert "qinglan-7b:1.0-r2 serves general." in text


async def test_a_failure_is_told_in_words_and_nothing_else_changes(source):
    source.machine.fails = Conflict(_("The candidate is worse."), _("Look at its answers."))
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "p", "y")
        assert "failed" in text
        assert "✖ The candidate is worse. Look at its answers." in text
        assert "✖ The candidate is worse." in await press(pilot, "escape")


async def test_a_key_that_may_only_look_has_none_of_the_keys(source):
    source.models = [{**SETTLED[0], "variants": []}, SETTLED[2]]
    app = models_app(source, who=AUDITOR)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot)
        assert "Read only: this key may not change models and packages." in text
        ids = {one.id for one in models_keys.KEYS}
        assert not footer(app) & ids
        text = await press(pilot, "enter")
        assert "● serves qinglan-7b:1.1-r3" in text
        assert footer(app) & ids == {"models.licence"}
        await press(pilot, "escape", "tab", "down", "enter")
        assert footer(app) & ids == {"models.licence"}


async def test_elsewhere_models_are_only_looked_at(tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1")
    source = RecordedModels(key_file, here=False)
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot)
        assert "From here models and packages are only looked at." in text
        assert "Installed packages" not in text
        text = await press(pilot, "enter")
        assert "◐ candidate qinglan-7b:1.2-r4" in text
        assert not footer(app) & {one.id for one in models_keys.KEYS}


async def test_another_package_in_the_site_file_is_told(source):
    source.machine.facts = ModelFacts(FACTS.versions, FACTS.packages, {"general": "base"})
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot, "enter")
        assert "site.yaml names the package base for general." in text


async def test_a_lost_connection_keeps_the_last_list_and_packages_are_still_there(source):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot)
        source.down = True
        text = await press(pilot, "r")
        assert "No appliance answers" in text
        assert "qinglan-7b:1.1-r3" in text
        assert app.screen.has_class("-stale")
        source.down = False
        assert "No appliance answers" not in await press(pilot, "r")


async def test_a_home_that_cannot_be_read_is_told(source):
    source.machine.unreadable = PackageError(_("A manifest is damaged."), _("Remove the package."))
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await press(pilot)
        assert "✖ A manifest is damaged. Remove the package." in text
        assert "qinglan-7b:1.1-r3" in text


async def test_small_and_back(source):
    app = models_app(source)
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in ((), ("enter",), ("s",), ("escape", "escape", "n"), ("i",)):
            await press(pilot, *keys)
            await pilot.resize_terminal(40, 12)
            await settled(pilot)
            await pilot.resize_terminal(80, 24)
            await settled(pilot)
        assert isinstance(app.screen, InstallForm)


async def test_every_key_of_the_screens_is_in_the_help(source):
    app = models_app(source)
    async with app.run_test(size=(160, 48)) as pilot:
        text = await press(pilot, "question_mark")
        for words in ("Let the version before be in use again.", "Look for packages on USB sticks."):
            assert words in text
