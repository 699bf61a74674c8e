"""Modules in processes of their own: how they are started, and what is said when they end."""
