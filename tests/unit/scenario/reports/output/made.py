"""Reports made up by hand: rich, long, and hostile. The company and all numbers do not exist."""

import base64
import hashlib
import io

from PIL import Image, ImageDraw

from scenarios.reports.models import (
    Cell,
    Figure,
    Input,
    Paragraph,
    Picture,
    PictureBlock,
    Place,
    Report,
    Section,
    Sentence,
    SignOff,
    SourceFile,
    Table,
    TableBlock,
)

NAMES = (
    "审计报告2025.pdf",
    "财务报表 (合并) 2023-2025.xlsx",
    "营业执照.pdf",
    '<script>alert(1)</script> & "流水" #read("x").csv',
    "A_very_long_name_of_a_file_without_any_place_to_break_in_it_2025_final_final_v12_signed_copy.pdf",
    "行业研究_*重点*_[附件]_$a^2$.docx",
)


def place(file: int, **where: object) -> Place:
    return Place(file=f"f{file + 1:02d}", name=NAMES[file], **where)


def files() -> tuple[SourceFile, ...]:
    return tuple(
        SourceFile(id=f"f{n + 1:02d}", name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), size=1000 + n)
        for n, name in enumerate(NAMES)
    )


def figures() -> tuple[Figure, ...]:
    left = place(1, sheet="资产负债表", cell="C18", quote="流动资产合计 84,210.55")
    right = place(1, sheet="资产负债表", cell="C36", quote="流动负债合计 61,902.10")
    return (
        Figure(
            id="current_ratio@2025-12-31",
            name="current_ratio",
            title="流动比率",
            period="2025-12-31",
            value=1.3604,
            unit="ratio",
            shown="1.36",
            formula="流动资产合计 ÷ 流动负债合计",
            inputs=(
                Input(symbol="流动资产合计", value=842105500, shown="84,210.55万元", place=left),
                Input(symbol="流动负债合计", value=619021000, shown="61,902.10万元", place=right),
            ),
        ),
    )


def chart(number: int, caption: str) -> PictureBlock:
    """Draw five bars, as a vector and as pixels."""
    bars = [40 + (number * 37 + n * 53) % 160 for n in range(5)]
    drawn = "".join(
        f'<rect x="{60 + n * 110}" y="{230 - high}" width="60" height="{high}" fill="#1d4e7e" clip-path="url(#clip)"/>'
        f'<text x="{90 + n * 110}" y="250" font-size="14" text-anchor="middle">{2021 + n}年</text>'
        for n, high in enumerate(bars)
    )
    svg = (
        '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
        '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 270" width="640" height="270">'
        '<defs><clipPath id="clip"><rect width="640" height="270"/></clipPath></defs>'
        f'<path d="M40 230H620" stroke="#888"/>{drawn}</svg>'
    )
    image = Image.new("RGB", (1280, 540), "white")
    for n, high in enumerate(bars):
        ImageDraw.Draw(image).rectangle((120 + n * 220, 460 - 2 * high, 240 + n * 220, 460), fill="#1d4e7e")
    out = io.BytesIO()
    image.save(out, "PNG")
    return PictureBlock(
        picture=Picture(
            id=f"chart{number}",
            caption=caption,
            svg=svg,
            png_base64=base64.b64encode(out.getvalue()).decode(),
            alt="五年的柱状图",
            figures=("current_ratio@2025-12-31",),
        )
    )


def table(name: str, caption: str, rows: int, columns: int, *, chinese: bool = True) -> TableBlock:
    heads = [
        "项目" if chinese else "Item",
        *[f"{2025 - n}年" if chinese else f"FY {2025 - n}" for n in range(columns - 1)],
    ]
    first = ("应收账款及合同资产" if chinese else "Trade receivables and contract assets") + " "
    body = tuple(
        (
            Cell(text=first + str(r) if r % 10 else ("资产总计" if chinese else "Total assets"), strong=r % 10 == 0),
            *(
                Cell(
                    text=f"{(r * 7919 + c * 104729) % 9_999_999 / 100 - 20000:,.2f}",
                    strong=r % 10 == 0,
                    place=place(1, sheet="资产负债表", cell=f"{'BCDEFGHIJKLM'[c]}{r + 4}", quote="1,234.50"),
                )
                for c in range(columns - 1)
            ),
        )
        for r in range(rows)
    )
    numeric = (False, *[True] * (columns - 1))
    note = "单位：万元。" if chinese else "In CNY thousand."
    return TableBlock(
        table=Table(id=name, caption=caption, columns=tuple(heads), numeric=numeric, rows=body, note=note)
    )


LINK = "https://www.example.invalid/announcements/2025/annual-report/download?id=0123456789abcdef0123456789&lang="
ZH = (
    "截至2025年末，公司流动比率为1.36，较上年末上升0.12。",
    "公司注册资本为50,000.00万元，法定代表人为某某，经营范围包括电力设备的研发、制造和销售。",
    "审计机构对2025年度财务报表出具了标准无保留意见。",
    "前五大客户的收款占全部收款的62.31%，集中度偏高。",
    f"详见 {LINK}zh-CN 所载公告。",
)
EN = (
    "At the end of 2025 the current ratio was 1.36, up by 0.12 on the year before.",
    "The registered capital is CNY 500.00 million, and the company makes and sells power equipment.",
    "The auditor gave an unqualified opinion on the statements of 2025.",
    "The five largest customers stand for 62.31% of all receipts, which is a high concentration.",
    f"See {LINK}en for the notice.",
)


def paragraph(key: str, style: str, texts: tuple[str, ...], number: int, sentences: int = 3) -> Paragraph:
    made = []
    for n in range(sentences):
        turn = number + n
        sources = (
            place(0, page=12 + turn % 40, quote="流动资产合计 84,210.55"),
            place(turn % 6, page=3, quote="标准无保留意见"),
        )[: 1 + turn % 2]
        made.append(
            Sentence(
                id=f"{key}.{number}.{n + 1}",
                text=texts[turn % len(texts)],
                kind="opinion" if style == "opinion" else "figure",
                figures=("current_ratio@2025-12-31",),
                places=sources if style != "opinion" else (),
                by="model" if turn % 7 == 0 else "code",
                rests_on=(f"{key}.0.1",) if style == "opinion" else (),
            )
        )
    return Paragraph(style=style, sentences=tuple(made))


def sections(chinese: bool, chapters: int, long_rows: int) -> tuple[Section, ...]:
    texts = ZH if chinese else EN
    titles = (
        ("企业基本情况", "财务分析", "偿债能力", "流水分析", "风险预警", "授信建议")
        if chinese
        else ("The company", "Financial analysis", "Solvency", "Payments", "Early warnings", "Proposal")
    )
    made = []
    for n in range(chapters):
        key, title = f"chapter{n}", titles[n % 6]
        blocks = [paragraph(key, "text", texts, p) for p in range(4)]
        blocks += [paragraph(key, "item", texts, 4 + p, 1) for p in range(3)]
        blocks += [
            paragraph(key, style, texts, 7 + p, 2) for p, style in enumerate(("opinion", "warning", "quotation"))
        ]
        made.append(Section(id=key, title=title, level=1, blocks=tuple(blocks)))
        sub = [table(f"t{n}a", f"{title}主要数据" if chinese else f"{title}: key data", 9, 4, chinese=chinese)]
        sub += [paragraph(key + "sub", "text", texts, 10 + p) for p in range(2)]
        sub += [chart(n, f"{title}趋势" if chinese else f"{title}: trend")]
        name = ("主要指标" if chinese else "Key figures") + f" {n + 1}"
        made.append(Section(id=f"{key}-sub", title=name, level=2, blocks=tuple(sub), edited_by="key_officer"))
        if n == 1:
            last = [
                table("long", "资产负债表明细" if chinese else "Balance sheet in detail", long_rows, 5, chinese=chinese)
            ]
            last += [table("wide", "月度流水" if chinese else "Flows by month", 30, 12, chinese=chinese)]
            last += [paragraph(key + "end", "text", texts, 1)]
            made.append(Section(id="detail", title="报表明细" if chinese else "Details", level=3, blocks=tuple(last)))
    return tuple(made)


def make_report(language: str = "zh_CN", chapters: int = 6, long_rows: int = 200, **changes: object) -> Report:
    chinese = language == "zh_CN"
    given: dict[str, object] = {
        "id": "rep_0001",
        "version": 3,
        "template": "credit_due_diligence",
        "template_version": "1.0",
        "title": "公司授信尽职调查报告" if chinese else "Corporate credit due diligence report",
        "subject": "澜江电力设备股份有限公司（虚构）" if chinese else "Lanjiang Power Equipment Co., Ltd. (made up)",
        "language": language,
        "as_of": "2025-12-31",
        "made_at": "2026-03-02T09:30:00+00:00",
        "author": "key_officer",
        "bank": "示例银行" if chinese else "Sample Bank",
        "sections": sections(chinese, chapters, long_rows),
        "figures": figures(),
        "conflicts": (),
        "gaps": (),
        "questions": (),
        "files": files(),
        "by_model": True,
        "sign_off": SignOff(review="rev_1", status="approved", by="key_head", at="2026-03-02T11:00:00+00:00"),
    }
    return Report(**(given | changes))
