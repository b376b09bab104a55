"""Who has photographs, and under which licence each may be used."""
