"""Knowledge bases: their documents, versions and access, and the one door to them."""
