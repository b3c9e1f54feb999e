"""Pages as a scanner gives them: pictures without text, a little askew."""

import io

from .pages import png


def scanned_pdf(markup: str, *, degrees: float = 0.7) -> bytes:
    """Return the first page of Typst markup as a PDF that holds only a picture."""
    from PIL import Image

    with Image.open(io.BytesIO(png(markup, 120.0))) as page:
        grey = page.convert("L").rotate(degrees, expand=False, fillcolor=246, resample=Image.Resampling.BILINEAR)
    made = io.BytesIO()
    grey.save(made, "PDF", resolution=120.0)
    return made.getvalue()
