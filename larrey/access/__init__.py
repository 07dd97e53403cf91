"""Access storey: accounts, tokens, policy."""
