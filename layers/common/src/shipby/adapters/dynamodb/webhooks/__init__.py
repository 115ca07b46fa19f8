"""Rows of webhooks: who listens, lanes, what waits, the log."""
