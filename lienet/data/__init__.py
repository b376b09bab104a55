"""What images become on their way to a network: listed, looked through, degraded, packed, drawn."""
