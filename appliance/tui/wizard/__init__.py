"""The first start: from a bare home to an appliance that answers, page by page."""
