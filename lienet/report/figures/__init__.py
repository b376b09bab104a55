"""Figures 6 and 7 as PNG bytes; drawn with matplotlib's objects, without pyplot's state."""
