"""Sellers: taking one in, settings, shadow mode."""
