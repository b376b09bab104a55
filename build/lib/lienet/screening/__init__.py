"""What keeps an image out: faces, legible text, poor quality, near-duplicates."""
