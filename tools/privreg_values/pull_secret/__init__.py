"""The Secret that a namespace pulls with: its content, its manifest, and how to put it there by hand."""
