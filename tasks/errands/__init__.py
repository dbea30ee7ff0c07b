"""What is done about a ticket beside its journey: its run is sent there, and comes back."""
