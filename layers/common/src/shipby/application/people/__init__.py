"""People who work in shops: taken in, given keys, signed in and out, named in histories."""
