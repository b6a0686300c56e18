"""What stands in for the outside world on a machine that reaches package registries only. Test equipment, not product."""
