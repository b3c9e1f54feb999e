"""Pictures of models and packages. After a change that is meant: look at the report, then pytest --snapshot-update."""

from pathlib import Path

import pytest

from appliance.core.errors import ApprovalNeeded
from appliance.core.messages import _
from tests.tui.models_double import SETTLED, RecordedModels, models_app
from tests.tui.recorded import AUDITOR, settled

SIZES = [(80, 24), (160, 48)]


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the file's name is in some of the pictures
    key_file = Path("admin.key")
    key_file.write_text("key-1")
    found = RecordedModels(key_file)
    yield found
    found.machine.go_on.set()


@pytest.fixture
def shot(snap_compare, source):
    """Return a function that presses keys, each after what came before has settled, and compares."""

    def take(*press, size=(80, 24), then=None, **more):
        async def before(pilot):
            await settled(pilot)
            for key in press:
                await pilot.press(key)
                await settled(pilot)
            if then is not None:
                await then(pilot)
                await settled(pilot)

        return snap_compare(models_app(source, **more), terminal_size=size, run_before=before)

    return take


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachSizeAndLanguage:
    def test_models(self, shot, language, size):
        assert shot(language=language, size=size)

    def test_model(self, shot, language, size):
        assert shot("enter", "down", language=language, size=size)

    def test_stage(self, shot, source, language, size):
        source.models = SETTLED
        assert shot("enter", "s", language=language, size=size)

    def test_split(self, shot, language, size):
        assert shot("enter", "a", language=language, size=size)

    def test_roll_back(self, shot, source, language, size):
        source.models = SETTLED
        assert shot("b", language=language, size=size)

    def test_package(self, shot, language, size):
        assert shot("tab", "down", "enter", language=language, size=size)

    def test_available(self, shot, language, size):
        assert shot("n", "down", language=language, size=size)

    def test_trust(self, shot, language, size):
        assert shot("n", "down", "t", language=language, size=size)

    def test_install(self, shot, source, language, size):
        source.machine.go_on.clear()
        assert shot("n", "i", "enter", "y", language=language, size=size)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
class TestEachLanguage:
    def test_promote(self, shot, language):
        assert shot("p", language=language)

    def test_how_to_install(self, shot, language):
        assert shot("n", "i", language=language)

    def test_folder(self, shot, language):
        assert shot("n", "f", language=language)

    def test_licence(self, shot, language):
        assert shot("enter", "t", language=language)

    def test_read_only(self, shot, language):
        assert shot(language=language, who=AUDITOR)

    def test_a_second_person_is_needed(self, shot, source, language):
        source.machine.fails = ApprovalNeeded(
            _("This change needs a second person. The request for it is {id}.", id="apr_01kb2x9m"), None,
            details={"approval": "apr_01kb2x9m"},
        )  # fmt: skip
        assert shot("p", "y", language=language)

    def test_nothing_found(self, shot, source, language):
        source.machine.found = []
        assert shot("n", language=language)


def test_lost_after_a_list(shot, source):
    async def lose(pilot):
        source.down = True
        await pilot.press("r")

    assert shot(then=lose)


@pytest.mark.parametrize(
    "press", [(), ("enter",), ("enter", "a"), ("n",), ("tab", "enter")], ids=["list", "one", "split", "new", "package"]
)
def test_small(shot, press):
    assert shot(*press, size=(40, 12))


def test_without_colour(shot, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot()


def test_help(shot):
    assert shot("question_mark")
