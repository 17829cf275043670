"""DHCP: which line gets an address, and which one. Kea with host reservations."""
