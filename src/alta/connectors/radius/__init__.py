"""RADIUS: who may use an internet access and how fast. FreeRADIUS with its tables in PostgreSQL."""
