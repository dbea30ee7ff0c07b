"""What needs somebody, and how they hear of it."""
