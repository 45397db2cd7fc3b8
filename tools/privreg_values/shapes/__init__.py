"""The shapes that a release's files have: one values file, a pair that keeps secrets apart, or Secret manifests."""
