"""Webhooks out: endpoints are kept by the API; their events are delivered in order, and again until they are taken."""
