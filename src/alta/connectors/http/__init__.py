"""Any system with a REST interface."""
