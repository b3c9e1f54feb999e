"""Tables of values that other reports than those about companies rest on: funds, holdings, markets."""
