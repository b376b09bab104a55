"""What was learned, for MLflow: the only package that imports it, in a background thread."""
