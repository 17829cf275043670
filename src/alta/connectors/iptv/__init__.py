"""The middleware of an IPTV network, over the REST interface (version 1) of Stalker and Ministra."""
