"""Grid types: one short file each."""
