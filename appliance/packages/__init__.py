"""Model packages: built from a recipe, checked, kept in the home folder."""
