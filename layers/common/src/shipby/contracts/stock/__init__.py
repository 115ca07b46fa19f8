"""Goods: pools, what they hold, how it moves, and what postings have of it."""
