"""Asking the marketplace for what cannot be undone: every such wish is an intent before it is a call."""
