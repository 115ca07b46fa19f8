"""Alarms in the table: those that are due, those set aside, and the store of the worker that rings them."""
