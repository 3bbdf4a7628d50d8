"""The Vault+ dashboard: look at, and remove, what a company has cached in OFAuth Vault+."""
