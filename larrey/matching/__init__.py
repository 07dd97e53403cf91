"""Pure storey: identity comparison. Empty until the identity server is built."""
