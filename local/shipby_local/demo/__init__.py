"""A scripted trading day on the embedded stack, counted against the simulator's own books."""
