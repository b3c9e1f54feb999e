"""A call as a transcript to be read: who said what, what the seat was shown, and what was written afterwards."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from appliance.cli.call_words import LEVEL_STYLES, clock, word
from appliance.core.messages import Message, _

Json = dict[str, Any]
_INDENT = "      "
_STEEP = {"better": "↗", "steady": "→", "worse": "↘"}


def facts_lines(call: Json) -> Iterator[Text]:
    """Yield what is known of a call, a line a fact."""
    facts: tuple[tuple[Message, object], ...] = (
        (_("Call"), call["id"]),
        (_("Call centre's id"), call.get("call_id")),
        (_("State"), word("state", call["state"])),
        (_("Direction"), word("direction", call["direction"])),
        (_("Seat"), call["seat"]),
        (_("Product"), call.get("product")),
        (_("Intent"), call.get("intent_title") or call.get("intent")),
        (_("Started (UTC)"), str(call["started_at"])[:19].replace("T", " ")),
        (_("Duration"), clock(call["duration_s"])),
        (_("Turns"), call["turns"]),
        (_("Risk"), word("level", call["risk"]["level"])),
        (_("Reasons"), "; ".join(call["risk"]["reasons"]) or None),
        (_("Mood"), f"{call['mood']['score']:+.2f} {_STEEP[call['mood']['trend']]}"),
        (_("Alerts"), call["alerts"]),
        (_("Score"), None if call.get("score") is None else f"{call['score']:g}/100"),
        (_("Outcome"), word("outcome", call.get("outcome"))),
        (_("Tags"), ", ".join(call.get("tags", ())) or None),
    )
    for label, value in facts:
        if value is not None:
            yield Text.assemble((f"{label}: ", "bold"), visible(str(value)))


def assist_lines(assist: Json) -> Iterator[Text]:
    """Yield one turn, and what the seat was shown with it."""
    turn = assist["turn"]
    speaker = word("speaker", turn["speaker"]) or ""
    style = "bold cyan" if turn["speaker"] == "customer" else "bold"
    yield Text.assemble(
        (f"{clock(turn['start_s']):>5} ", "dim"), (f"{speaker}: ", style), visible(" ".join(turn["text"].split()))
    )
    if turn["speaker"] == "customer":
        yield from _found(assist)
    yield from _shown(assist)
    for alert in assist.get("alerts", ()):
        yield alert_line(alert)


def alert_line(alert: Json) -> Text:
    """Return an alert; serious ones stand out."""
    style = "bold red" if alert["severity"] == "serious" else "yellow"
    hint = f" → {alert['hint']}" if alert.get("hint") else ""
    return Text.assemble(f"{_INDENT}! ", (visible(f"{alert['text']}{hint}"), style))


def after_lines(after: Json) -> Iterator[Text]:
    """Yield what was written when the call had ended: summary, forms, tags, score sheet."""
    for section in after["summary"]["sections"]:
        if not section["lines"]:
            continue
        yield Text(section["title"], style="bold")
        for line in section["lines"]:
            yield Text.assemble("  - ", visible(line["text"]), (f"  [{', '.join(line['turns'])}]", "dim"))
    for form in after.get("forms", ()):
        yield Text(str(_("Form: {title}", title=form["title"])), style="bold")
        for field in form["fields"]:
            yield Text.assemble(
                f"  - {field['title']}: ",
                visible(str(field.get("text") or field.get("value") or "—")),
                (f"  [{', '.join(field['turns'])}]" if field["turns"] else "", "dim"),
            )
    if after.get("tags"):
        yield Text.assemble((f"{_('Tags')}: ", "bold"), ", ".join(str(tag["title"]) for tag in after["tags"]))
    if after.get("sheet"):
        yield from _sheet(after["sheet"])


def _found(assist: Json) -> Iterator[Text]:
    """Yield what was read out of a customer's turn, on one line."""
    analysis, parts = assist["analysis"], []
    if analysis.get("intent"):
        parts.append(f"{analysis['intent']['title']} ({analysis['intent']['confidence']:.2f})")
    parts += [f"{slot['name']}: {slot['text']}" for slot in analysis.get("slots", ())]
    if analysis.get("emotion"):
        parts.append(f"{word('emotion', analysis['emotion']['label'])} {_STEEP[assist['mood']['trend']]}")
    line = Text(_INDENT + visible(" · ".join(parts)), style="dim")
    level = assist["risk"]["level"]
    if level != "low":
        line.append(f" · {_('risk: {level}', level=word('level', level))}", LEVEL_STYLES[level])
    if parts or level != "low":
        yield line


def _shown(assist: Json) -> Iterator[Text]:
    """Yield the card, the steps and the replies that the seat was shown."""
    card = assist.get("card")
    if card:
        place = card["document"]
        if card.get("page"):
            place = str(_("{document}, page {page}", document=place, page=card["page"]))
        elif card.get("section"):
            place = f"{place}, {card['section']}"
        yield _labelled(_("card"), f"“{card['text']}” — {place}", "green")
    for step in assist.get("steps", ()):
        needs = ", ".join((*step["documents"], *step["forms"]))
        yield _labelled(_("next"), f"{step['text']} ({needs})" if needs else step["text"], "")
    for reply in assist.get("replies", ()):
        yield _labelled(_("say"), reply["text"], "")


def _labelled(label: Message, text: str, style: str) -> Text:
    return Text.assemble(f"{_INDENT}> ", (f"{label}: ", "bold"), (visible(" ".join(text.split())), style))


def _sheet(sheet: Json) -> Iterator[Text]:
    yield Text.assemble((f"{_('Score')}: ", "bold"), f"{sheet['score']:g}/100")
    for item in sheet["items"]:
        mark, style = {"met": ("✓", "green"), "broken": ("✗", "bold red")}.get(item["state"], ("–", "dim"))
        turns = f"  [{', '.join(item['turns'])}]" if item["turns"] else ""
        yield Text.assemble(
            f"  {mark} ", (visible(item["title"]), style), f"  {item['got']:g}/{item['points']:g}", (turns, "dim")
        )


def visible(text: str) -> str:
    """Return a text without the characters that would move the cursor or hide what stands before them."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
