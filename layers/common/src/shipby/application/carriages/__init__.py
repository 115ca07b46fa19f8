"""Closing the day: carriages, their papers, what was scanned into them."""
