"""What the fleet says of itself, never with ticket text."""
