"""What happens to a good photograph: reduced, compressed, blurred, or grown old."""
