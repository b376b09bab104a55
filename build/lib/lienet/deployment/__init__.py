"""Networks put to use: exported, checked against torch, and run on whole images of any size."""
