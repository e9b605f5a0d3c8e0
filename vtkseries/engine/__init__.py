"""Reading: files of any writer as lazy arrays."""
