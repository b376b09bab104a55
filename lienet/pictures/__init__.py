"""Picture files as people have them: any depth and transparency, with what belongs to them."""
