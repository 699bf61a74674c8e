"""Files for other build systems; they are data, found by path."""
