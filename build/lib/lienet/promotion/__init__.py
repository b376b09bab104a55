"""Trained models become champions, and champions give way."""
