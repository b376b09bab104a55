"""The sections of the params file: typed, frozen models, every field described.

A section knows what is wrong within itself; what is wrong between sections is ``params``'s.
Units stand in the names.
"""
