"""Matters for a person: cases, held decisions, entries set aside, watches of an account."""
