"""Makes a table regular: names, blanks, nulls and types, planned over all rows and applied as a
stream."""

from __future__ import annotations

from dreambolt_steps.tables.cleaning.cleaned_table import CleanedTable, CleanReport, apply_plan
from dreambolt_steps.tables.cleaning.column_plan import CleanPlan, ColumnPlan
from dreambolt_steps.tables.cleaning.plan import plan_cleaning

__all__ = ["CleanPlan", "CleanReport", "CleanedTable", "ColumnPlan", "apply_plan", "plan_cleaning"]
