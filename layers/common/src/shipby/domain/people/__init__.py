"""People who work in shops: what they may do, how they sign in, how long they stay signed in."""
