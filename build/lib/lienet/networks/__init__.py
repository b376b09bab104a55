"""The networks: the paper's two, their rivals, and the registry that builds and stores them."""
