"""What stands in for the outside world where only package registries are reached. Test equipment, not product."""
