"""Keys: each has a stable id, a label for the footer and a sentence for the help and the tooltip."""

from appliance.core.messages import Message, _
from appliance.tui import capacity_keys, governance_keys, knowledge_keys, models_keys, scenarios_keys
from appliance.tui.command import Command

QUIT = Command("app.quit", "q", "app.quit", _("Quit"), _("Leave the terminal; the appliance keeps running."))
HELP = Command("app.help", "question_mark", "app.help", _("Help"), _("Show every key of this screen."), "?")
LANGUAGE = Command(
    "app.language", "l", "app.language", _("中文/English"), _("Switch between English and Chinese at once.")
)
REFRESH = Command("app.refresh", "r", "app.refresh_now", _("Refresh"), _("Read the appliance now, without waiting."))
PALETTE = Command(
    "app.palette", "colon", "app.command_palette", _("Commands"), _("Find what can be done here by its name."), ":"
)
THEME = Command("app.theme", "f6", "app.change_theme", _("Theme"), _("Choose other colours."), "F6", show=False)
NEXT_PANEL = Command(
    "app.next", "tab", "app.focus_next", _("Next panel"), _("Move to the next panel."), "Tab", show=False
)
UP = Command("list.up", "up", "cursor_up", _("Up"), _("Choose the row above."), "↑", show=False)
DOWN = Command("list.down", "down", "cursor_down", _("Down"), _("Choose the row below."), "↓", show=False)
OPEN = Command("list.open", "enter", "select", _("Open"), _("Open the chosen row."), "Enter")
FIND = Command("list.find", "slash", "find", _("Find"), _("Show only the rows that hold a text."), "/", show=False)
NO_FILTER = Command("list.all", "escape", "show_all", _("All rows"), _("Show every row again."), "Esc", show=False)
FIRST = Command("list.first", "home", "first", _("First"), _("Go to the first row."), "Home", show=False)
LAST = Command("list.last", "end", "last", _("Last"), _("Go to the last row."), "End", show=False)
ROWS_UP = Command("list.page_up", "pageup", "page_up", _("Page up"), _("Go a page of rows up."), "PgUp", show=False)
ROWS_DOWN = Command(
    "list.page_down", "pagedown", "page_down", _("Page down"), _("Go a page of rows down."), "PgDn", show=False
)
SCROLL_UP = Command("text.up", "up", "scroll_up", _("Up"), _("Scroll the text up."), "↑", show=False)
SCROLL_DOWN = Command("text.down", "down", "scroll_down", _("Down"), _("Scroll the text down."), "↓", show=False)
PAGE_UP = Command("text.page_up", "pageup", "page_up", _("Page up"), _("Scroll a page up."), "PgUp", show=False)
PAGE_DOWN = Command(
    "text.page_down", "pagedown", "page_down", _("Page down"), _("Scroll a page down."), "PgDn", show=False
)
CLOSE = Command("help.close", "escape", "dismiss", _("Close"), _("Go back to the screen."), "Esc")
BACK = Command("app.back", "escape", "back", _("Back"), _("Go back to the list."), "Esc")
CANCEL = Command("dialog.cancel", "escape", "cancel", _("Cancel"), _("Go back; nothing is sent."), "Esc")
CONFIRM = Command("dialog.confirm", "y", "confirm", _("Yes"), _("Do it."))
CLOSE_TASK = Command("task.close", "escape,enter", "leave", _("Back"), _("Go back; it has ended."), "Esc")
SEND = Command("dialog.send", "ctrl+s", "send", _("Continue"), _("Go on to the confirmation."), "Ctrl+S")

ON = Command("page.on", "ctrl+s", "on", _("Continue"), _("Take what is on this page and go on."), "Ctrl+S")
BACK_PAGE = Command("page.back", "escape", "back_page", _("Back"), _("Go to the page before."), "Esc")
CHECK_AGAIN = Command("page.check", "f5", "check_again", _("Again"), _("Look at the machine again."), "F5")
LOOK_AGAIN = Command("page.look", "f5", "look", _("Look again"), _("Look for packages again."), "F5")
PLAN_AGAIN = Command("page.plan", "f5", "plan_again", _("Plan"), _("Plan again."), "F5")
PICK = Command("page.pick", "space,enter", "pick", _("Take/leave"), _("Take the chosen one, or leave it."), "Space")
ALIAS = Command("page.alias", "f4", "alias", _("Alias"), _("Give the chosen model another alias."), "F4")
TRY_AGAIN = Command("page.again", "f5", "try_again", _("Again"), _("Do what is not done yet."), "F5")
LOG = Command("page.log", "f3", "log", _("Log"), _("Show or hide what the processes wrote."), "F3")
ANEW = Command("page.anew", "f9", "anew", _("Start anew"), _("Forget this first start and ask everything again."), "F9")
LEAVE_SETUP = Command(
    "setup.leave",
    "ctrl+q",
    "app.leave",
    _("Leave"),
    _("Leave; what was done stays, and it can be gone on with."),
    "Ctrl+Q",
)
HELP_SETUP = Command("setup.help", "f1", "app.help", _("Help"), _("Show every key of this screen."), "F1")
LANGUAGE_SETUP = Command(
    "setup.language", "f2", "app.language", _("中文/English"), _("Switch between English and Chinese at once."), "F2"
)

THEME_SETUP = Command(
    "setup.theme", "f6", "app.next_theme", _("Colours"), _("Take the next colours."), "F6", show=False
)

ALERTS = Command("overview.alerts", "a", "alerts", _("Alerts"), _("Show what is wrong now, and what to do about it."))
CHANGES = Command("overview.changes", "h", "changes", _("Last hour"), _("Show what changed in the last hour."))
FOLD = Command("node.fold", "space", "fold", _("Fold"), _("Show a node with its cards, or on one line."), "Space")
FOLD_ALL = Command(
    "node.fold_all", "z", "fold_all", _("Fold all"), _("Show all nodes with cards, or on one line."), show=False
)
FILTER = Command("review.filter", "f", "filter", _("Pending/all"), _("Show pending reviews only, or all."))
APPROVE = Command("review.approve", "a", "decide('approve')", _("Approve"), _("Send the answer as it is."))
EDIT = Command("review.edit", "e", "decide('edit')", _("Edit"), _("Send another text in place of the answer."))
REFUSE = Command("review.refuse", "x", "decide('refuse')", _("Refuse"), _("Withhold the answer, with a reason."))

RISK_FILTER = Command("calls.filter", "f", "risk_filter", _("Risk"), _("Show calls of a high risk only, or all."))
STATISTICS = Command("calls.statistics", "s", "statistics", _("Stats"), _("Show figures of the kept calls."))
EXPORT = Command("calls.export", "e", "export", _("CSV"), _("Write the calls of the last 30 days into a CSV file."))
GROUP = Command("calls.group", "g", "group", _("Group by"), _("Put calls together by intent, product, seat or day."))


def _mode(name: str, key: str, label: Message, tip: Message) -> Command:
    """Return the command that brings the screen `name` to the front; it is shown in the top line."""
    return Command(f"mode.{name}", key, f"app.switch_mode('{name}')", label, tip, show=False)


MODES: dict[str, Command] = {
    "overview": _mode("overview", "1", _("Overview"), _("Nodes, models, scenarios and traffic.")),
    "capacity": _mode("capacity", "2", _("Capacity"), _("What is used of what there is, and the way to more.")),
    "models": _mode("models", "3", _("Models"), _("Models by alias, versions and packages.")),
    "scenarios": _mode(
        "scenarios", "4", _("Scenarios"), _("What the appliance does for people; each can be tried here.")
    ),
    "knowledge": _mode("knowledge", "5", _("Knowledge"), _("Documents that answers are drawn from, and their intake.")),
    "governance": _mode(
        "governance", "6", _("Governance"), _("Tenants, people, keys, quotas, guardrails and the audit.")
    ),
    "reviews": _mode("reviews", "7", _("Reviews"), _("Answers that wait for a person.")),
    "calls": _mode("calls", "8", _("Calls"), _("Calls that are going on, and figures of those that were.")),
}
"""The screens by number, in the order of the top line; `TerminalApp.MODES` holds the class of each."""

COMMANDS = {
    command.id: command
    for command in (
        *MODES.values(), QUIT, HELP, LANGUAGE, REFRESH, PALETTE, THEME, NEXT_PANEL, UP, DOWN, OPEN, FIND, NO_FILTER,
        SCROLL_UP, SCROLL_DOWN, PAGE_UP, PAGE_DOWN, CLOSE, BACK, CANCEL, CONFIRM, CLOSE_TASK, SEND,
        FIRST, LAST, ROWS_UP, ROWS_DOWN, ALERTS, CHANGES, FOLD, FOLD_ALL,
        FILTER, APPROVE, EDIT, REFUSE,
        RISK_FILTER, STATISTICS, EXPORT, GROUP, ON, BACK_PAGE, CHECK_AGAIN, LOOK_AGAIN, PLAN_AGAIN, PICK, ALIAS,
        TRY_AGAIN, LOG, ANEW, LEAVE_SETUP, HELP_SETUP, LANGUAGE_SETUP, THEME_SETUP,
        *capacity_keys.KEYS, *models_keys.KEYS, *scenarios_keys.KEYS, *knowledge_keys.KEYS, *governance_keys.KEYS,
    )
}  # fmt: skip
