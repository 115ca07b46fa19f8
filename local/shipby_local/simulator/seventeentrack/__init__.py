"""The tracking service 17TRACK, simulated."""
