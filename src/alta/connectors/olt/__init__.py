"""The OLT: which optical terminal (ONT) hangs on the fibre, how fast it may be, and on which line. NETCONF."""
