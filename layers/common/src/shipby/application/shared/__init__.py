"""What use cases of several subjects share: retrying, paging, idempotency, how records look as JSON."""
