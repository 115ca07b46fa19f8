"""Wishes of buyers to cancel, and the rules they are decided by."""
