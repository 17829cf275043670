"""Search everywhere: one text, and the customers, services, orders, jobs, products and items that it may mean."""
