"""The commands of `shipby`, by what they are about."""
