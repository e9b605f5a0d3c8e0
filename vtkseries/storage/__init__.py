"""The only code that touches a disk."""
