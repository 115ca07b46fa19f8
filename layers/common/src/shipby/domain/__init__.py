"""Pure rules of order fulfilment: standard library only, `now` is always an argument."""
