"""Goods that are kept: pools, what each holds of an SKU, how it moves, and what postings have reserved of it."""
