"""The first start of a machine from a file of answers: checks, settings, packages, plan, administrator, start."""
