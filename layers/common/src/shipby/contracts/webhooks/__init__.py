"""Webhooks: bodies and answers."""
