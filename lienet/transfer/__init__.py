"""Remote files brought in: verified, resumable, whole or not there at all."""
