"""Wishes of buyers to cancel: read, decided, sent."""
