"""Real network elements for tests, and the other side of the network that proves what they were told."""
