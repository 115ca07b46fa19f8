"""17TRACK, which follows parcels of most carriers: its contract, its account by seller, its pushes."""
