"""Small papers as they are after reading, for the tests of sorting, fields and flows."""

from pathlib import Path

from scenarios.reports.models import Grid, Passage, Reading, SourceFile
from scenarios.reports.sorting.kinds import sort_file

NAME = "江苏星河精密制造有限公司"
CODE = "91320100MA1XHJM019"


def paper(name: str, lines=(), grids=(), sheet: str | None = None, file_id: str = "f01", heads=()) -> Reading:
    """A sorted paper: lines of a PDF page, grids of a sheet (or of a page where `sheet` is None)."""
    pdf = Path(name).suffix == ".pdf"
    page = 1 if pdf else None
    made = []
    for number, rows in enumerate(grids, start=1):
        width = max(len(row) for row in rows)
        even = tuple(tuple(str(cell) for cell in (*row, *[""] * (width - len(row)))) for row in rows)
        made.append(
            Grid(
                number=number,
                sheet=sheet,
                rows=even,
                row_numbers=tuple(range(1, len(even) + 1)),
                pages=(page,) * len(even),
            )
        )
    passages = tuple(
        Passage(text=text, line=at, page=page, level=1 if at in heads else 0) for at, text in enumerate(lines, start=1)
    )
    file = SourceFile(id=file_id, name=name, sha256="0" * 64, size=1)
    reading = Reading(file=file, passages=passages, grids=tuple(made))
    return reading.model_copy(update={"file": sort_file(reading)})


def licence(file_id: str = "f01", capital: str = "伍仟万元整", name: str = NAME, code: str = CODE) -> Reading:
    lines = (
        "营业执照",
        f"统一社会信用代码 {code}",
        f"名    称  {name}",
        f"注册资本 {capital}",
        "类    型 有限责任公司（自然人投资或控股）  成立日期 2012年03月05日",
        "法定代表人 王建国  营业期限 2012年03月05日至长期",
        "住    所  江苏省南京市虚构路8号",
        "经营范围 精密零件制造；机械设备销售；",
        "货物进出口。（依法须经批准的项目，经相关部门批准后方可开展经营活动）",
        "登记机关 虚构市市场监督管理局",
    )
    return paper("营业执照.pdf", lines, file_id=file_id)


def articles(file_id: str = "f02", capital: str = "5,000万元", shares=("35%", "65%")) -> Reading:
    lines = (
        f"{NAME}章程",
        "第一章 总则",
        f"第一条 公司名称：{NAME}",
        f"第五条 公司注册资本为人民币{capital}。",
        f"股东王建国以货币方式出资1,750万元，占注册资本的{shares[0]}；",
        f"股东虚构控股有限公司以货币方式出资3,250万元，占注册资本的{shares[1]}。",
        "第二十条 公司的法定代表人由王建国担任。",
    )
    return paper("公司章程.pdf", lines, file_id=file_id)
