"""Where photographs come from, who made them and under which licence."""
