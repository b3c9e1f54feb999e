"""Questions about one table, answered by code: look-ups, comparisons and arithmetic, each with its cells."""

from appliance.knowledge.tables.answer import TableAnswer, answer_from_table
from appliance.knowledge.tables.arithmetic import CalculationPart, TableCalculation
from appliance.knowledge.tables.model import Table, table_of

__all__ = ["CalculationPart", "Table", "TableAnswer", "TableCalculation", "answer_from_table", "table_of"]
