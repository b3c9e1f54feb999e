"""The parts of screens. Each is told what to show and draws it; none reads anything itself."""
