"""The bench: pick lists, scans, product cards."""
