"""What happens to a ticket: the stages, the journey, the decisions, and the ports they need."""
