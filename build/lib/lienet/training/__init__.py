"""Training: losses, objectives, checkpoints and the loop that every model goes through."""
