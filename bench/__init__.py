"""Measures Alta against the floor: what bare psycopg needs for the same row changes. See `python -m bench --help`."""
