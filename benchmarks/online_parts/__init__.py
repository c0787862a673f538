"""What the benchmark of the online decision is made of."""
