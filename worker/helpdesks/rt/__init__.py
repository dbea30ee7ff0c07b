"""Request Tracker 5, spoken to by its REST2 interface."""
