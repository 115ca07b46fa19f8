"""What is needed of services that follow parcels for us."""
