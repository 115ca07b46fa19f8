"""The methods of the Seller API, by area. `registry.METHODS` maps each path to its function."""
