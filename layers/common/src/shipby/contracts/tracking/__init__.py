"""Past the ramp: what is sent about parcels that have left."""
