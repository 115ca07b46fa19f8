"""Picking and scanning at the bench."""
