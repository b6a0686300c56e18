"""One package per target: it translates a Plan into resources and knows nothing of Portus."""
