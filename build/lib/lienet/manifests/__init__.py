"""Tables of images: what was found, what was kept, and which split each falls to."""
