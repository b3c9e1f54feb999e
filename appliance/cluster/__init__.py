"""Ray: start, watch and stop the nodes of this appliance."""
