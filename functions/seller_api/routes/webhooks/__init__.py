"""Webhooks of integrators."""
