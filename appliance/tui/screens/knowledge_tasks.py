"""What one can do to a knowledge base from the terminal, as tasks that name the thing."""

import shlex
from pathlib import Path

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _, one_or_many
from appliance.tui.acting import Task, Tell
from appliance.tui.drawing import one_line
from appliance.tui.knowledge_source import Document, KnowledgeSource
from appliance.tui.local import follow


def upload(source: KnowledgeSource, base: str, path: Path, language: str, *, folder: bool) -> Task:
    """Put a file or a folder of this machine into a base; the appliance reads the files after that."""

    async def work(tell: Tell) -> Message:
        added = await follow(lambda: source.adding(base, [path]), tell, language)
        bad = sum(not getattr(one, "ok", True) for one in added)
        if bad:
            raise InvalidRequest(
                one_or_many(
                    len(added),
                    _("The file was not taken."),
                    _("{bad} of {count} files were not taken.", bad=bad, count=len(added)),
                ),
                _("The lines above say why; what they do not name is there."),
            )
        if not added:
            raise InvalidRequest(_("There are no files in {folder}.", folder=path), _("Name another folder."))
        return _("Files stored: {count}. They can be searched once the appliance has read them.", count=len(added))

    asked = _("Put all files below {path} into {base}?", path=one_line(str(path)), base=one_line(base))
    if not folder:
        asked = _("Put {path} into {base}?", path=one_line(str(path)), base=one_line(base))
    command = f"appliance kb add {shlex.quote(str(path))} --kb {base} --no-wait"
    return Task(_("Upload"), asked, one_line(command), work)


def delete(source: KnowledgeSource, document: Document) -> Task:
    """Delete a document with all its versions."""
    name, base = one_line(document.name), document.knowledge_base

    async def work(_tell: Tell) -> Message:
        await source.delete(base, document.id)
        return _("{name} is deleted from {base}.", name=name, base=base)

    return Task(
        _("Delete"),
        _("Delete {name} with all its versions from {base}?", name=name, base=one_line(base)),
        one_line(f"appliance kb delete {document.id} --kb {base}"),
        work,
        named=Message("{id}", (("id", one_line(document.id)),)),
        warning=_("Answers do not quote it any more, and the file is gone from the appliance."),
    )


def rebuild(source: KnowledgeSource, base: str) -> Task:
    """Make a base's search index again."""

    async def work(_tell: Tell) -> Message:
        begun = await source.rebuild(base)
        return one_or_many(
            begun.pending,
            _("{base} is being indexed again: 1 document.", base=base),
            _("{base} is being indexed again: {count} documents.", base=base, count=begun.pending),
        )

    return Task(
        _("Rebuild the index"),
        _("Make the search index of {base} again from its documents?", base=one_line(base)),
        one_line(f"appliance kb rebuild {base}"),
        work,
        warning=_("Until it is done, searches and questions in this base are refused; that can take minutes."),
    )
