"""What the host does for its modules in the background."""
