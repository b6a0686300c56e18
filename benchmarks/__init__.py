"""What is measured: ratios against a peer in one run, medians of several repetitions: `make bench`."""
