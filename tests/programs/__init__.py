"""Real programs as judges of what tracegen writes: built from package registries, run on 127.0.0.1 only."""
