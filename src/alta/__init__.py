"""Alta: from the sale of a telecom service to the moment it works, is accepted and is billed."""

__version__ = "0.1.0"
