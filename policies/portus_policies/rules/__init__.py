"""One file per concern; each rule is a pure function with its reason and its remedy beside it."""
