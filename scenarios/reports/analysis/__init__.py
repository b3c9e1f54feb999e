"""Figures computed from statements, fields and payments, and the early-warning rules over them."""
