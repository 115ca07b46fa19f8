"""Can it ship: what of an order does not fit its goods, its way or the seller's rules."""
