"""Speed of the gateway, as ratios to the registry alone in the same run: `make bench`."""
