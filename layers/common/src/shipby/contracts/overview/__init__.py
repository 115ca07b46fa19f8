"""What is found and counted across all postings: search, boards, lists, the morning."""
