"""Notifications: planned, sent, and their health."""
