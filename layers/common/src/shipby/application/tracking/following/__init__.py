"""Parcels that a service follows for us: numbers are registered, what it hears is kept as scans."""
