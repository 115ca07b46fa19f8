"""Past the ramp: what the marketplace is told of a parcel, and what is known of its way."""
