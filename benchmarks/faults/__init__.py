"""Faults that are made on a running appliance under load, and what must hold then."""
