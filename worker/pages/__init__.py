"""The Fleet page inside Flower, and the login before both."""
