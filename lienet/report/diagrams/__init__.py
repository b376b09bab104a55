"""Networks as block diagrams, drawn from a forward pass of the network itself; Figures 2 and 4."""
