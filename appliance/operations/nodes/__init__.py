"""The nodes of the appliance: who may join, who is there, and how they come and go."""
