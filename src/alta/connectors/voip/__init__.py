"""The VoIP switch: Kamailio, provisioned through its database and told at once through its JSON-RPC."""
