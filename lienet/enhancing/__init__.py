"""People's own pictures enhanced: which files, by which network, in how much memory, to where."""
