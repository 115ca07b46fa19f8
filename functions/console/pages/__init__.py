"""Answers a page each: who may see it, which use case it asks, what a form does."""
