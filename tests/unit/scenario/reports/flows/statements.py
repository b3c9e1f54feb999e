"""Bank statements for the tests: rows as a bank prints them, and payments as they are read."""

from scenarios.reports.models import Payment, Place, Reading
from tests.unit.scenario.reports.fields.folders import NAME, paper

HEADER = ["交易日期", "交易时间", "摘要", "借方发生额", "贷方发生额", "余额", "对方户名"]


def statement(rows, name="流水-2025.csv", header=HEADER, file_id="f01", above=()) -> Reading:
    top = [["户名", NAME, "账号", "6222 0000 1111"], *above]
    return paper(name, grids=[[*top, header, *rows]], file_id=file_id)


def running(moves, opening=1000.0):
    """Rows of a statement whose balances run on; moves are (day, amount, party, purpose)."""
    rows, balance = [], opening
    for day, amount, party, purpose in moves:
        balance = round(balance + amount, 2)
        paid, got = ("", f"{amount:,.2f}") if amount > 0 else (f"{-amount:,.2f}", "")
        rows.append([day, "10:00:00", purpose, paid, got, f"{balance:,.2f}", party])
    return rows


def payment(day, amount, party="甲有限公司", purpose="货款", balance=None, row=1, time="", currency="CNY") -> Payment:
    place = Place(file="f01", name="流水.csv", line=row, quote=f"{day} | {amount} | {party}")
    return Payment(
        day=day,
        time=time,
        amount=amount,
        balance=balance,
        counterparty=party,
        purpose=purpose,
        account="6222",
        currency=currency,
        place=place,
    )
