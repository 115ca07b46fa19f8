"""Webhooks out: endpoints of integrators, which events they get, signatures, and when a delivery is tried again."""
