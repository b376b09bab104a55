"""The pipeline's stages, one thin file each: parse, call the library, write."""
