"""Child processes: started, minded, and ended with all that they started."""
