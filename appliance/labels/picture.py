"""The explicit label on a picture: words at its lower edge, at least 5 % of the shorter side high."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from appliance.labels.wording import short_text

_LEAST_PART = 0.05
_LEGIBLE_PIXELS = 12
_SURE = 1.02  # glyphs are drawn on whole pixels
_MOST_WIDTH = 0.9
_CHINESE_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "simhei.ttf",
    "msyh.ttc",
)
_PAPER, _INK = (0, 0, 0, 160), (255, 255, 255, 255)

Font = ImageFont.FreeTypeFont


def with_notice(picture: Image.Image, language: str, font_file: Path | None = None) -> Image.Image:
    """Return a copy with the notice in its lower right corner, white on a dark band.

    Chinese needs `font_file` or an installed font with its characters; without one the notice is in English.
    """
    text, font = _fitting(min(picture.size), picture.width, language, font_file)
    box = font.getbbox(text)
    width, height = round(box[2] - box[0]), round(box[3] - box[1])
    margin = max(1, height // 4)
    out = picture.convert("RGBA")
    band = Image.new("RGBA", (width + 2 * margin, height + 2 * margin), _PAPER)
    ImageDraw.Draw(band).text((margin - box[0], margin - box[1]), text, font=font, fill=_INK)
    out.alpha_composite(band, (max(0, out.width - band.width), max(0, out.height - band.height)))
    return out if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info else out.convert("RGB")


def chinese_font(size: float, font_file: Path | None = None) -> Font | None:
    """Return a font with Chinese characters: `font_file`, else one that is installed, else None."""
    for name in (font_file,) if font_file is not None else _CHINESE_FONTS:
        try:
            return ImageFont.truetype(str(name), size)
        except OSError:
            continue
    return None


def _fitting(shorter: int, width: int, language: str, font_file: Path | None) -> tuple[str, Font]:
    """Return the notice and a font in which a capital is high enough, legible where the picture has the room."""
    text, sample, font = _face(language, 100.0, font_file)
    box = font.getbbox(sample)
    capital, length = (box[3] - box[1]) / 100, font.getlength(text) / 100
    legible = min(_LEGIBLE_PIXELS, width * _MOST_WIDTH * capital / length)
    size = max(shorter * _LEAST_PART * _SURE, legible) / capital
    return text, _face(language, size, font_file)[2]


def _face(language: str, size: float, font_file: Path | None) -> tuple[str, str, Font]:
    """Return the notice, the character whose height counts, and the font."""
    if language == "zh_CN" and (font := chinese_font(size, font_file)) is not None:
        return short_text(language), "生", font
    default = ImageFont.load_default(size)
    if not isinstance(default, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType")
    return short_text("en"), "A", default
