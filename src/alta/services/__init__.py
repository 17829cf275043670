"""What customers have and use."""
