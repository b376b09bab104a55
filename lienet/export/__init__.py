"""Networks in the formats that phones and runtimes take, each checked against torch."""
