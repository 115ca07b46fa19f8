"""Postings and the marketplace's messages about them."""
