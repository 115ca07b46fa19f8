"""What shape an order takes: its parcels, its boxes."""
