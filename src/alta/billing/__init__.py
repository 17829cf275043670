"""What customers owe and have paid: charges, payments, and a double-entry ledger of both."""
