"""The terminal in a browser: `appliance tui --serve`, on 127.0.0.1, for who holds the address that was printed."""
