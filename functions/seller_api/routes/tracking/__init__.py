"""Past the ramp: what the marketplace is told of a parcel, its number, its carrier and its way."""
