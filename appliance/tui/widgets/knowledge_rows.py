"""Columns of documents, in one base and in the intake of all."""

from appliance.core.messages import _
from appliance.tui import figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.knowledge_source import Document
from appliance.tui.widgets import knowledge_text as texts
from appliance.tui.widgets.listing import Column

_STATE = Column[Document](_("State"), 14, texts.version_state, style=texts.version_style)
_NAME = Column[Document](_("Document"), 23, lambda d, _l: one_line(d.name), style=lambda _d: "bold", grows=True)
_BASE = Column[Document](_("Knowledge base"), 16, lambda d, _l: one_line(d.knowledge_base))
_SINCE = Column[Document](_("Added"), 11, lambda d, _l: figures.day_and_time(d.created_at), style=lambda _d: MUTED)
_SIZE = Column[Document](_("Size"), 9, lambda d, _l: texts.size(d.size_bytes), align="right", rank=3)
OF_BASE = (
    _STATE,
    _NAME,
    Column[Document](_("Version"), 7, lambda d, _l: str(d.version), align="right"),
    Column[Document](_("Department"), 12, lambda d, _l: one_line(d.department or figures.UNKNOWN), rank=2),
    Column[Document](_("Holds"), 21, texts.days, style=lambda _d: MUTED, rank=1),
    Column[Document](
        _("Pages"), 5, lambda d, _l: figures.UNKNOWN if d.pages is None else str(d.pages), align="right", rank=4
    ),
    _SIZE,
    Column[Document](_("Added"), 11, lambda d, _l: figures.day_and_time(d.created_at), style=lambda _d: MUTED, rank=5),
)
OF_INTAKE = (_STATE, _NAME, _BASE, _SINCE, _SIZE)
