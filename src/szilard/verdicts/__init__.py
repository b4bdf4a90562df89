"""The kit of audits: claims, what was found of them, bounds with their reasons, and the audit as a whole."""
