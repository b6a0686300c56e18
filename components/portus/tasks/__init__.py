"""What runs once and must succeed. The scripts run inside containers; the modules here describe them."""
