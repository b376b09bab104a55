"""What people read: Table 1, the figures and the page, drawn from what evaluate measured."""
