"""What personal information an image shows: faces and legible text."""
