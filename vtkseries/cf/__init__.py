"""What a Dataset means: which dims are axes, what time is, which variables are fields and which belong together."""
