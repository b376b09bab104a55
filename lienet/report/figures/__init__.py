"""The figures as PNG bytes; drawn with matplotlib's objects, without pyplot's state.

Each is of at least one picture or group.
"""
