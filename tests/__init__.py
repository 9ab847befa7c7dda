"""slokit's tests; helpers are imported from here as ``tests.…``."""
