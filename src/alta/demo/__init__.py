"""Alta with demo data and simulated networks: `alta demo`."""
