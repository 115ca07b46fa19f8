"""Evidence of postings, claims against the marketplace, and the packs that go with them."""
