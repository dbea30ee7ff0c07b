"""Plants one defect at a time, to see that a test catches it."""
