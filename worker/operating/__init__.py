"""What an operator asks of the ledger and does with it, whatever shows it."""
