"""How good carriers are, and which one a parcel goes with."""
