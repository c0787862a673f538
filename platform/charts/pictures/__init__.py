"""Named pictures: typed inputs in, one drawing and one table out."""
