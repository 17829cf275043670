"""The online charging system that keeps prepaid accounts and their balances: CGRateS, over JSON-RPC."""
