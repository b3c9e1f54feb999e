"""What is read out of one turn alone, and how mood and risk go over a call; no model."""
