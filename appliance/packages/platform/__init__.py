"""The platform as a package: what it is made of, its bill of materials, and its releases side by side on a machine."""
