"""Valuation reconciliation (估值对账): two tables of products matched by product and day, differences explained."""
