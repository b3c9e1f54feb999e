"""Answers and passages with where they stand, on a terminal."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from appliance.core.messages import _


def print_answer(console: Console, answer: dict[str, Any]) -> None:
    """Print an answer with its calculation, its conflicts and its sources."""
    if understood := answer.get("understood_as"):
        console.print(Text(str(_("Understood as: {question}", question=understood)), style="dim"))
    if short := answer.get("short"):
        console.print(Text(str(short), style="bold green"))
    console.print(Text(str(answer.get("answer", "")), style="bold"))
    if calculation := answer.get("calculation"):
        console.print(Text(f"= {calculation['formula']}", style="dim"))
    if model_text := answer.get("model_text"):
        console.print()
        console.print(Text(str(model_text)))
        console.print(Text(str(answer.get("label") or ""), style="dim"))  # the notice stays beside what it is about
    console.print()
    for conflict in answer.get("conflicts") or []:
        numbers = ", ".join(f"[{place + 1}]" for place in conflict["citations"])
        console.print(Text(f"{numbers} {conflict['note']}", style="bold yellow"))
    confidence = answer.get("confidence")
    if isinstance(confidence, int | float):
        console.print(Text(str(_("Confidence: {percent}", percent=f"{confidence:.0%}")), style="dim"))
    citations = answer.get("citations") or []
    if citations:
        console.print(Text(str(_("Sources:")), style="dim"))
    elif nearest := answer.get("nearest"):
        console.print(Text(str(_("Places that may be near, but are not held to answer:")), style="dim"))
        citations = nearest
    for number, citation in enumerate(citations, start=1):
        print_source(console, number, citation, str(citation.get("quote", "")))


def print_source(console: Console, number: int, source: dict[str, Any], quote: str) -> None:
    """Print where a passage stands, then its words, indented and unbroken by markup."""
    place = [str(source.get("document", "?"))]
    if (source.get("version") or 1) > 1:
        place.append(str(_("version {version}", version=source["version"])))
    if source.get("page") is not None:
        place.append(str(_("page {page}", page=source["page"])))
    if source.get("row") is not None:
        place.append(str(_("row {row}", row=source["row"])))
    if source.get("section"):
        place.append(str(source["section"]))
    console.print(Text.assemble((f"[{number}] ", "bold cyan"), " · ".join(place)))
    console.print(Padding(Text(quote.strip(), style="italic"), (0, 0, 0, 4)))
