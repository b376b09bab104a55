"""Networks put to use on images of any size and depth."""
