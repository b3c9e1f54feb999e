"""Knowledge bases and documents as shapes, words and short texts."""

from textual.content import Content

from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.operations.knowledge_counts import BaseCounts, State
from appliance.tui import figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import Document, Passage, Version, WholeBase
from appliance.tui.words import StateMark

STATES: dict[State, StateMark] = {
    "ready": StateMark("●", _("ready"), "$text-success"),
    "reading": StateMark("◐", _("reading"), "$text-warning"),
    "troubled": StateMark("▲", _("failures"), "$text-error"),
    "empty": StateMark("○", _("empty"), MUTED),
}
STATUSES: dict[str, StateMark] = {
    "indexed": StateMark("●", _("searchable"), "$text-success"),
    "pending": StateMark("◐", _("waiting"), "$text-warning"),
    "failed": StateMark("✖", _("failed"), "$text-error"),
}
_STAGES: dict[str | None, Message] = {
    "waiting": _("waiting"),
    "reading": _("reading"),
    "embedding": _("indexing"),
}
_MEANINGS: dict[str | None, Message] = {
    "waiting": _("It waits its turn; documents are read one after the other."),
    "reading": _("Its text, tables and pages are being read out of the file."),
    "embedding": _("Its sentences are being put into the search index."),
}


def base_state(counts: BaseCounts, language: str) -> str:
    """Return shape, word and number, such as `▲ failures 2`."""
    mark = STATES[counts.state]
    number = {"troubled": counts.failed, "reading": counts.pending}.get(counts.state)
    return f"{mark.shape} {mark.word.render(language)}" + ("" if number is None else f" {number}")


def size(size_bytes: int) -> str:
    """Return e.g. `3.4 MiB`."""
    return human_bytes(size_bytes)


def readers(whole: WholeBase, language: str) -> str:
    """Return which tenants read a base beside its owner."""
    if "*" in whole.base.shared_with:
        return _("all tenants").render(language)
    return one_line(", ".join(whole.base.shared_with)) or figures.UNKNOWN


def version_state(version: Version, language: str) -> str:
    """Return shape, word and, while it is worked on, how far it is."""
    mark = STATUSES[version.status]
    word = mark.word
    if version.status == "pending":
        word = _STAGES.get(version.stage, word)
    far = f" {version.progress:.0%}" if version.status == "pending" and version.progress else ""
    return f"{mark.shape} {word.render(language)}{far}"


def version_style(version: Version) -> str:
    """Return the style of its state."""
    return STATUSES[version.status].style


def days(version: Version, language: str) -> str:
    """Return from when until when it holds; always without days."""
    if version.effective_on is None and version.expires_on is None:
        return _("always").render(language)
    if version.expires_on is None:
        return _("from {day}", day=version.effective_on).render(language)
    if version.effective_on is None:
        return _("until {day}", day=version.expires_on).render(language)
    return f"{version.effective_on}…{version.expires_on}"


def note(version: Version, language: str) -> Content:
    """Return why a document failed and what to do, what of it is not searched, or what it is at."""
    if version.status == "failed":
        reason = one_line(version.reason or figures.UNKNOWN)
        again = _("Once the repaired file is uploaded, delete this one.").render(language)
        return Content.assemble(("✖ ", "$text-error"), (reason, ""), (f" {again}", MUTED))
    if version.status == "pending":
        meaning = _MEANINGS.get(version.stage, _MEANINGS["waiting"]).render(language)
        return Content.styled(f"◐ {meaning}", "$text-warning")
    if version.picture_pages:
        pages = ", ".join(map(str, version.picture_pages))
        scans = _("Pages that are scans without text are not searched: {pages}", pages=pages)
        return Content.styled(f"▲ {scans.render(language)}", "$text-warning")
    return Content("")


def document_facts(document: Document, language: str) -> Content:
    """Return what is known of a document, in a few lines."""
    mark = STATUSES[document.status]
    first = Content.assemble(
        (version_state(document, language), mark.style), "  ", (one_line(document.name), "bold"),
        (f"  {one_line(document.id)}", MUTED),
    )  # fmt: skip
    in_force = figures.UNKNOWN if document.in_force is None else str(document.in_force)
    everyone = _("whoever reads the base").render(language)
    lines = [
        first,
        _pairs(
            language,
            (_("Department"), document.department or figures.UNKNOWN),
            (_("Holds"), days(document, language)),
            (_("Version in force today"), in_force),
        ),
        _pairs(language, (_("May be read by"), ", ".join(document.access) or everyone)),
    ]
    if document.similar:
        alike = ", ".join(one.document for one in document.similar)
        lines.append(Content.assemble((f"{_('Nearly the same as').render(language)} ", MUTED), one_line(alike)))
    told = note(document, language)
    return Content("\n").join([*lines, *([told] if told.plain else [])])


def _pairs(language: str, *pairs: tuple[Message, str]) -> Content:
    parts = [Content.assemble((title.render(language), MUTED), " ", one_line(value)) for title, value in pairs]
    return Content("   ").join(parts)


def passages_found(passages: tuple[Passage, ...], language: str) -> Content:
    """Return passages with their places, best first."""
    if not passages:
        return Content.styled(_("Nothing found. Try other words, or fewer.").render(language), MUTED)
    lines: list[Content] = []
    for number, one in enumerate(passages, 1):
        place = [Content.styled(one_line(one.document), "bold")]
        if one.version > 1:
            place.append(Content(_("version {version}", version=one.version).render(language)))
        if one.page is not None:
            place.append(Content(_("page {page}", page=one.page).render(language)))
        if one.row is not None:
            place.append(Content(_("row {row}", row=one.row).render(language)))
        if one.section:
            place.append(Content.styled(one_line(one.section), MUTED))
        head = Content.assemble((f"[{number}] ", "$primary"), Content(" · ").join(place), (f"  {one.score:.2f}", MUTED))
        lines += [head, Content(one_line(one.text)), Content("")]
    return Content("\n").join(lines[:-1])
