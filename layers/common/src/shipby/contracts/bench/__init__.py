"""What the bench takes and answers beside scans: rules, inspections, packing."""
