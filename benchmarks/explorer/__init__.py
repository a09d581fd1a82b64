"""What the explorer estimates where it does not count."""
