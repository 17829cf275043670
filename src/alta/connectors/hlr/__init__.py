"""The HLR of a mobile network: osmo-hlr, provisioned through its control interface."""
