"""The way of a parcel as its carrier tells it: scans, journeys of a number, silence."""
