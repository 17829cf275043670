"""What was asked for: from choosing a product to the job that provisions it."""
