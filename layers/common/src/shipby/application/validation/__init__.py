"""Orders are checked at receipt, and again when they, their cards or the rules change."""
