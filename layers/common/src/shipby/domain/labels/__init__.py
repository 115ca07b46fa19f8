"""Labels and papers: what stands on them, what proves a page."""
