"""How much a document may ask of this machine."""

from dataclasses import dataclass

from appliance.core.units import GIB, MIB


@dataclass(frozen=True)
class Limits:
    """Caps on one document; past any of them it is set aside with the reason."""

    file_bytes: int = 100 * MIB
    """Size of the file as uploaded."""
    pages: int = 3000
    """Pages of a PDF, slides of a pptx."""
    characters: int = 5_000_000
    """Characters of extracted text."""
    blocks: int = 200_000
    """Paragraphs, list items and table rows together."""
    unzipped_bytes: int = 300 * MIB
    """All parts of a docx, xlsx or pptx, unpacked."""
    zip_entries: int = 5000
    """Parts of a docx, xlsx or pptx."""
    memory_bytes: int = 2 * GIB
    """Address space of the process that reads the document."""
    cpu_s: int = 120
    """Processor time of that process, in seconds."""
    wall_s: float = 180.0
    """Time on the clock for that process, in seconds."""
    ocr_s: int = 600
    """Both times are longer by so many seconds where text recognition is installed; pages past it stay pictures."""


DEFAULT_LIMITS = Limits()
