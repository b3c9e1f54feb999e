"""The last pages of the first start: one installation whatever is pressed meanwhile, and what is said at its end."""

from appliance.core.errors import ConfigError, StartFailed
from appliance.core.messages import _
from appliance.operations.setup.answers import Administrator, Answers, JoinAnswers
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.source import Address, Left, newest_lines
from tests.tui.recorded import screen_text, settled
from tests.tui.setup_double import TOKEN, RecordedSetup, Slow
from tests.tui.test_wizard import PASSWORD, front, on, write

LIN = Administrator(name="lin")
SITE = {"gateway": {"host": "0.0.0.0", "port": 9000, "tls": {"names": ["ai.bank.example"]}}}


def left(asks_password=False, **answers):
    return Left(Answers(**{"administrator": LIN, **answers}), asks_password=asks_password)


def stack(app):
    return [type(screen).__name__ for screen in app.screen_stack[1:]]


async def until(pilot, name):
    for _try in range(200):
        await pilot.pause(0.05)
        if front(pilot.app) == name:
            await settled(pilot)
            return
    raise AssertionError(f"{name} never came: {front(pilot.app)}")


async def test_nothing_begins_a_second_installation_and_its_end_finds_its_page():
    source = Slow(left=left())
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "InstallPage")
        assert "Trust the key maker.pub" in screen_text(app)
        await pilot.press("f2", "f5", "escape", "ctrl+s")
        await settled(pilot)
        assert "信任" in screen_text(app)
        assert stack(app) == ["InstallPage"]
        await pilot.press("f1")
        await until(pilot, "HelpScreen")
        await pilot.press("f1", "f2")
        source.may_end.set()
        for _try in range(200):
            await pilot.pause(0.05)
            if app.installation.done:
                break
        await settled(pilot)
        assert stack(app) == ["InstallPage", "HelpScreen"]
        await pilot.press("escape")
        await until(pilot, "DonePage")
        assert stack(app) == ["DonePage"]
        assert len(source.ran) == 1
        assert app.language == "zh_CN"


async def test_the_language_does_not_try_again_what_failed():
    source = RecordedSetup(left=left(), fails=[StartFailed(_("Ray did not start."))])
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "InstallPage")
        assert "Ray did not start." in screen_text(app)
        await pilot.press("f2")
        await settled(pilot)
        assert "正在安装" in screen_text(app)
        assert "✖" in screen_text(app)
        assert len(source.ran) == 1


async def test_what_was_broken_off_can_be_given_up_for_other_answers():
    source = RecordedSetup(left=left(), fails=[StartFailed(_("Ray did not start."))])
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "InstallPage")
        await pilot.press("f9")
        await until(pilot, "ConfirmTask")
        await pilot.press("escape")
        await until(pilot, "InstallPage")
        assert source.abandoned == 0
        await pilot.press("f9")
        await until(pilot, "ConfirmTask")
        assert "ask everything again?" in screen_text(app)
        await pilot.press("y")
        await until(pilot, "WelcomePage")
        assert source.abandoned == 1
        assert f"1/{len(app.pages())}" in screen_text(app)
        assert len(app.pages()) == 10


async def test_answers_that_cannot_be_read_are_named():
    class Damaged(RecordedSetup):
        def left(self):
            raise ConfigError(_("The answers {file} cannot be read: {reason}.", file="answers.yaml", reason="half"))

    app = SetupApp(Damaged())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "WelcomePage")
        shown = screen_text(app)
        assert "The answers answers.yaml cannot be read: half." in shown
        assert "everything is asked again" in shown


async def test_after_a_power_cut_the_password_alone_is_asked_and_the_end_names_who_was_added():
    source = RecordedSetup(left=left(asks_password=True, site=SITE))
    source.addresses = lambda: [
        Address("10.20.0.11", "eno1"),
        Address("10.30.0.11", "eno2"),
        Address("fd00::11", "eno2"),
    ]
    app = SetupApp(source)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, "AdministratorPage")
        assert "Name to sign in with: lin" in screen_text(app)
        assert not app.screen.query("#field-name")
        await write(pilot, password=PASSWORD, again=PASSWORD)
        await on(pilot)
        await until(pilot, "DonePage")
        assert source.ran == [(source.given_left.answers, PASSWORD)]
        shown = " ".join(screen_text(app).replace("│", " ").split())
        assert "Administrator: lin" in shown
        assert (
            "Endpoints: https://ai.bank.example:9000/v1, https://10.20.0.11:9000/v1, https://10.30.0.11:9000/v1 Key"
        ) in shown
        assert "Key for programs, in: /srv/appliance/admin.key" in shown
        assert "gateway certificate --export" in shown


async def test_a_key_file_that_somebody_removed_is_not_named():
    source = RecordedSetup(left=left())
    source.key_file = lambda: None
    app = SetupApp(source)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, "DonePage")
        assert "http://127.0.0.1:8080/v1" in screen_text(app)
        assert "admin.key" not in screen_text(app)
        assert "appliance key create" in screen_text(app)


async def test_a_machine_joins_and_its_last_page_is_about_a_node():
    source = RecordedSetup()
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "WelcomePage")
        await on(pilot)
        await pilot.press("down", "enter")
        await until(pilot, "ChecksPage")
        await on(pilot)
        await until(pilot, "JoinPage")
        assert "appliance node join HOST --token TOKEN" in screen_text(app)
        await write(pilot, head="10.20.0.1", token=TOKEN, name="node-b")
        assert "appliance node join 10.20.0.1 --token TOKEN --name node-b" in screen_text(app)
        await on(pilot)
        await until(pilot, "ConfirmPage")
        assert "Joins the appliance at: 10.20.0.1" in screen_text(app)
        assert TOKEN not in screen_text(app)
        await on(pilot)
        await until(pilot, "DonePage")
        shown = screen_text(app)
        for words in ("Node: node-b", "Its address: 10.20.0.12", "First machine: 10.20.0.1", "appliance node list"):
            assert words in shown
        assert "Ask it" not in shown
        assert not app.screen.query("#field-question")
        ((answers, password),) = source.ran
        assert answers.join == JoinAnswers(head="10.20.0.1", token=TOKEN, name="node-b")
        assert password is None
        await on(pilot)
    assert app.return_value == "joined"


async def test_a_log_that_is_gone_is_an_empty_one(tmp_path):
    (tmp_path / "launch.log").symlink_to("nowhere")
    source = RecordedSetup(left=left(), fails=[StartFailed(_("Ray did not start."))])
    source.log_lines = lambda: newest_lines(tmp_path, 5)
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "InstallPage")
        await pilot.press("f3")
        await settled(pilot)
        (tmp_path / "head.log").write_text("started\n")
        (tmp_path / "terminal.log").write_text("a defect of before\n")
        await pilot.press("f3", "f3")
        await settled(pilot)
        assert "started" in screen_text(app)
        assert "a defect" not in screen_text(app)


async def test_leaving_while_it_works_says_what_is_waited_for(capsys):
    source = Slow(left=left())
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "InstallPage")
        await pilot.press("ctrl+q")
        source.may_end.set()
        await pilot.pause()
    assert app.return_value is None
    assert not app.installation.done
    assert "comes to its end first" in " ".join(capsys.readouterr().err.split())
