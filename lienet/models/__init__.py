"""The networks: the paper's, its rivals, and the registry that builds and stores them."""
