"""Financial statements out of the tables of files: accounts, periods, units and scope, checked and never repaired."""
