"""Papers beside the label: slips, pick lists, pages."""
