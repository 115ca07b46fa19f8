"""Answers of the marketplace, read into the domain's words."""
