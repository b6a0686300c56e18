"""Provider plugin `kubernetes`: stands in for the official one (Python package `pulumi_kubernetes` 4.34.2)."""
