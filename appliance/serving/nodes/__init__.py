"""The service of each node outside Ray: machines join through it, and nodes give each other packages."""
