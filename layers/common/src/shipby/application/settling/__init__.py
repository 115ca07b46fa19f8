"""Intents are let go by a second person, carried out, and found out about."""
