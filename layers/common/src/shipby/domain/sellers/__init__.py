"""A seller's settings, automations, recipients and keys."""
