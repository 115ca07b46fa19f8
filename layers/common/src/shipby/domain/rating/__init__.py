"""The marketplace's rating of a seller: the error index and its charges."""
