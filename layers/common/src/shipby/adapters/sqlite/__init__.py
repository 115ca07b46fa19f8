"""Shipby's memory, queues and secrets in one SQLite file, for the shop on one computer. Nothing here knows AWS."""
