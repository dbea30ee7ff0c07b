"""What keeps the fleet whole by itself: proof of life, and sending again what was lost."""
