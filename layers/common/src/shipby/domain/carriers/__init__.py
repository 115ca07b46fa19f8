"""Carriers: who brings parcels, what their tracking numbers look like, and what their check digits prove."""
