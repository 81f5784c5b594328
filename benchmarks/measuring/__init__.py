"""`make bench`: what reftrack promises of its speed, measured against peers and floors in one run."""
