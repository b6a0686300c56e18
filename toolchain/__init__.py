"""Real tools for a machine that reaches only package registries: engine, language host and provider plugins."""
