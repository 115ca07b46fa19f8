"""Labels of the marketplace: asked for, collected, proven page by page, stored, voided."""
