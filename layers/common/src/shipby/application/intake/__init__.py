"""How news of the marketplace come in: pushes, reads of postings, the poll."""
