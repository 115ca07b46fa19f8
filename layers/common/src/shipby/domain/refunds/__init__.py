"""The ledger of a posting's money, and who pays what."""
