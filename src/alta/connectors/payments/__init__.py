"""Payments: holds, takes and gives back money, through whichever provider keeps the customer's payment method."""
