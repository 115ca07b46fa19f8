"""Carrying intents out and finding out what became of them."""
