"""What the explorer estimates where it does not count, how large its file is, and how fast it follows the slider."""
