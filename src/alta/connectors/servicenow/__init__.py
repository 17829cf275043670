"""Tickets for people outside: ServiceNow, over its Table API."""
