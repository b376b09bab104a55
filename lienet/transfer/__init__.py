"""Verified, resumable downloads: a file appears whole and right, or not at all."""
